"""Benchmarks. They report ratios measured side by side in one run, because machines are shared and noisy."""
