"""`python -m bench`: every benchmark, at its usual size."""

from bench import dispatch, ingest

if __name__ == "__main__":
    ingest.main(standalone_mode=False)
    dispatch.main(standalone_mode=False)
