"""What people ask about subscriptions and deliveries."""
