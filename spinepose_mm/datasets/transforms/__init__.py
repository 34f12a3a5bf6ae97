from .blur import RandomBlur
from .loading import LoadSpineImage

__all__ = ['LoadSpineImage', 'RandomBlur']
