"""`python -m bench` runs every benchmark at its default size."""

from bench import agenda, api, campaign, console, dispatch, ingest, neighbours, segments

if __name__ == "__main__":
    ingest.main(standalone_mode=False)
    dispatch.main(standalone_mode=False)
    campaign.main(standalone_mode=False)
    neighbours.main(standalone_mode=False)
    agenda.main(standalone_mode=False)
    segments.main(standalone_mode=False)
    api.main(standalone_mode=False)
    console.main(standalone_mode=False)
