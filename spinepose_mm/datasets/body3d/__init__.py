"""Data sets of people in 3D."""

from .spine_lifting_dataset import SpineLiftingDataset

__all__ = ['SpineLiftingDataset']
