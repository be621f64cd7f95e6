"""What providers tell after they took a message: delivered, failed after all, answered."""
