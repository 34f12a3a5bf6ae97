from .affine import SpineTopdownAffine
from .blur import RandomBlur
from .boxes import SpineBBoxTransform
from .dropping import DropKeypoints
from .jitter import JitterKeypoints
from .loading import LoadSpineImage
from .target import SpineTarget

__all__ = ['DropKeypoints', 'JitterKeypoints', 'LoadSpineImage', 'RandomBlur', 'SpineBBoxTransform', 'SpineTarget',
           'SpineTopdownAffine']
