"""Warnings of OpenMMLab's code at today's PyTorch and setuptools, which its users can do nothing about."""
import warnings


def install():
    """Hide them; those of other code are shown as ever."""
    warnings.filterwarnings('ignore', r'`?torch\.cuda\.amp\.', FutureWarning, r'mmdet\.')
    warnings.filterwarnings('ignore', 'pkg_resources is deprecated', UserWarning, r'(mmengine|mim)\.')
