"""The door to the user pool in which people sign in."""
