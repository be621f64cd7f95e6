"""The parts of the contract that no signature says: which problems an operation answers, and real examples."""
