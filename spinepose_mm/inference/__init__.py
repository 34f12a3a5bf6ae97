"""Inference: from images and videos to people with keypoints, tracks and measures, and to files of results.

options: all options with their defaults; stages: detect, estimate, track, smooth; prediction: the network's run;
lifter: lifting; pose2d_inferencer and pose3d_inferencer: the stages of a call, in images and in 3D; streaming and
loading: what both share; boxes: bounding boxes that the user gives; cache: estimates on disk, from which an interrupted
run is resumed; pipeline: from an input to files; outputs: the files; about: models and assumptions, in words; errors:
OpenCV's errors with the name of the input.
"""

from spinepose_mm import deprecated
from spinepose_mm.io.sources import open_source
from spinepose_mm.structures.frame import Frame, People, Person

from .options import LiftingOptions, PoseOptions
from .pipeline import analyse, check_outputs
from .pose2d_inferencer import SpinePoseInferencer
from .pose3d_inferencer import SpinePose3DInferencer
from .stages import Cache

__all__ = [
    'Cache',
    'Frame',
    'LiftingOptions',
    'People',
    'Person',
    'PoseOptions',
    'SpinePose3DInferencer',
    'SpinePoseInferencer',
    'analyse',
    'check_outputs',
    'open_source',
]

__getattr__ = deprecated.getter(__name__)
