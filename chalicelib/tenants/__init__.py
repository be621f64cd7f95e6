"""What a customer company has configured."""
