"""The parts of the contract that no signature says: problems, examples, sections, descriptions, the page `/docs`."""
