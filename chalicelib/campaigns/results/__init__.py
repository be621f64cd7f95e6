"""What a campaign came to: its recipients, their replies, its variants, and another campaign for those it missed."""
