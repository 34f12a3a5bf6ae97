"""Benchmarks of this package's speed and memory, side by side with other packages, and of its measures' accuracy."""

__all__ = [
    'cut_metric',
    'evaluation',
    'export',
    'inference',
    'intervals',
    'loading',
    'pairs',
    'robustness',
    'robustness_data',
    'robustness_results',
    'robustness_sheet',
    'spine_measures',
    'startup',
    'step',
]
