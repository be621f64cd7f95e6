"""What the API may ask of campaigns."""
