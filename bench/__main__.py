"""`python -m bench`: every benchmark, at its usual size."""

from bench.ingest import main

if __name__ == "__main__":
    main()
