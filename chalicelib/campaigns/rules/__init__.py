"""Rules of campaigns: messages of steps and variants, business days, the forecast. Pure."""
