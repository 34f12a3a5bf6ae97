"""Heads of 2D estimators and of lifters."""

from .spine_uncertainty_head import SpineUncertaintyHead
from .spinepose_head import SpinePoseHead

__all__ = ['SpinePoseHead', 'SpineUncertaintyHead']
