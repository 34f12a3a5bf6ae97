from .blur import RandomBlur
from .dropping import DropKeypoints
from .jitter import JitterKeypoints
from .loading import LoadSpineImage

__all__ = ['DropKeypoints', 'JitterKeypoints', 'LoadSpineImage', 'RandomBlur']
