"""The parts of the contract that no signature says: problems, examples, sections, descriptions, and the page `/docs`."""
