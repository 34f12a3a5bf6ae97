from .blur import RandomBlur
from .dropping import DropKeypoints
from .loading import LoadSpineImage

__all__ = ['DropKeypoints', 'LoadSpineImage', 'RandomBlur']
