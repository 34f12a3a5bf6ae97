"""Benchmarks of this package's speed and memory, side by side with other packages, and of its measures' accuracy."""
