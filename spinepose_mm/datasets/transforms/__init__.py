"""Transforms of training and test pipelines: loading, cropping, augmentation and labels."""

from spinepose_mm import deprecated

from .affine import SpineTopdownAffine
from .blur import RandomBlur
from .boxes import SpineBBoxTransform
from .corruption import ImageCorruption, RandomCorruption
from .dropout import RandomCoarseDropout
from .dropping import DropKeypoints
from .jitter import JitterKeypoints
from .loading import LoadSpineImage
from .target import SpineTarget

__all__ = [
    'DropKeypoints',
    'ImageCorruption',
    'JitterKeypoints',
    'LoadSpineImage',
    'RandomBlur',
    'RandomCoarseDropout',
    'RandomCorruption',
    'SpineBBoxTransform',
    'SpineTarget',
    'SpineTopdownAffine',
]

__getattr__ = deprecated.getter(__name__)
