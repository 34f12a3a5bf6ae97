"""Measures of the spine from keypoints, frame by frame; docs/measures.md has their definitions and how exact they are.

measures: what is measured, and how; view: from where somebody is seen; unwrapping: angles beyond a half turn; measurer:
all that for the people of a film.
"""
from .measurer import Measurer
from .measures import MEASURES, Measure, units
from .spine import measure_picture, measure_space
from .unwrapping import Unwrapper
from .view import VIEWS, view

__all__ = ['MEASURES', 'Measure', 'Measurer', 'Unwrapper', 'VIEWS', 'measure_picture', 'measure_space', 'units', 'view']
