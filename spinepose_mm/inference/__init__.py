"""Inference: from images and videos to people with keypoints, tracks and measures, and to files of results.

pose2d_inferencer: detection, 2D keypoints, tracking and smoothing; pose3d_inferencer: lifting to 3D; streaming and
loading: what both share; boxes: bounding boxes that the user gives; cache: predictions on disk, from which an
interrupted run is resumed; pipeline: all stages of one input, up to the files; about: models and assumptions, in words;
errors: OpenCV's errors with the name of the input.
"""

from spinepose_mm import deprecated
from spinepose_mm.io.sources import open_source
from spinepose_mm.structures.frame import Frame, People, Person

from .pipeline import analyse, check_outputs
from .pose2d_inferencer import SpinePoseInferencer
from .pose3d_inferencer import SpinePose3DInferencer

__all__ = [
    'Frame',
    'People',
    'Person',
    'SpinePose3DInferencer',
    'SpinePoseInferencer',
    'analyse',
    'check_outputs',
    'open_source',
]

__getattr__ = deprecated.getter(__name__)
