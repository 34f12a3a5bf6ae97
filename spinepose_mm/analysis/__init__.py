"""Measures of the spine from keypoints, frame by frame; docs/measures.md has their definitions and how exact they are.

measures: what is measured, and how; view: from where a person is seen; plausibility: what no body can have; intervals:
how far off measures of lifted people may be; unwrapping: angles beyond a half turn; measurer: all that for the people
of a video.
"""
from spinepose_mm import deprecated

from .intervals import measure_errors
from .measurer import Measurer
from .measures import MEASURES, Measure, units
from .spine import measure_image, measure_space
from .unwrapping import Unwrapper
from .view import VIEWS, shows, view

__all__ = [
    'MEASURES', 'Measure', 'Measurer', 'Unwrapper', 'VIEWS', 'measure_errors', 'measure_image', 'measure_space',
    'shows', 'units', 'view'
]

__getattr__ = deprecated.getter(__name__)
