"""Jobs: how they begin, who works on them, how they end, and what is told about them."""
