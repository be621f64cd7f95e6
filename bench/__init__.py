"""Speed, as ratios measured side by side in one run: the machines that this runs on are shared and noisy."""
