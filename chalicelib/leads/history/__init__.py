"""What happened to a lead, and how it is shown."""
