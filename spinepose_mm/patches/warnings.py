"""Warnings of OpenMMLab's code that its users can do nothing about."""

import warnings

from mmengine.registry import FUNCTIONS, Registry


def install():
    """Filter those of current PyTorch and setuptools, and avoid those of a registry that MMPose lacks."""
    warnings.filterwarnings('ignore', r'`?torch\.cuda\.amp\.', FutureWarning, r'mmdet\.')
    warnings.filterwarnings('ignore', 'pkg_resources is deprecated', UserWarning, r'(mmengine|mim)\.')
    if 'mmpose' not in FUNCTIONS.children:  # every inferencer looks for its collate function there
        Registry('function', parent=FUNCTIONS, scope='mmpose')
