"""What was not woken, what is stuck, what is due: found again by a clock."""
