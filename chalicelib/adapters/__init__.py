"""One small module for each external service: the only code that talks to it."""
