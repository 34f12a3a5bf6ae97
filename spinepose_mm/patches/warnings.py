"""Warnings of OpenMMLab's code that its users can do nothing about."""

import warnings

from .patch import MMDET, MMENGINE, patch


@patch(mmengine=MMENGINE, mmdet=MMDET)
def quiet_warnings() -> None:
    """Warnings of current PyTorch and setuptools are filtered."""
    warnings.filterwarnings('ignore', r'`?torch\.cuda\.amp\.', FutureWarning, r'mmdet\.')
    # MMEngine reloads pkg_resources, and a reload warns in the name of importlib.
    warnings.filterwarnings('ignore', 'pkg_resources is deprecated', UserWarning, r'(mmengine|mim)\.|importlib$')
