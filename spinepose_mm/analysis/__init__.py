"""Measures of the spine from keypoints, frame by frame; docs/measures.md has their definitions and accuracy.

measures: names, units and definitions of the measures.
spine: the measures of people in space or in an image.
view: the side of a person that faces the camera.
plausibility: bounds of what a human spine can do.
intervals: expected errors of the measures of lifted people.
unwrapping: angles beyond a half turn.
measurer: all of these for the people of a video.
coverage: how much of an input could be measured.
"""

from spinepose_mm import deprecated

from .intervals import measure_errors
from .measurer import Measurer
from .measures import MEASURES, Measure, units
from .spine import measure_image, measure_space
from .unwrapping import Unwrapper
from .view import VIEWS, shows, view

__all__ = [
    'MEASURES',
    'Measure',
    'Measurer',
    'Unwrapper',
    'VIEWS',
    'measure_errors',
    'measure_image',
    'measure_space',
    'shows',
    'units',
    'view',
]

__getattr__ = deprecated.getter(__name__)
