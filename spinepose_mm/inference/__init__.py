"""From images and videos to people, and what is told of them.

people: what the stages hand on; sources: where frames come from; ahead: got ready meanwhile; boxes: the user's own;
between: those of frames without a detector; pose2d_inferencer: keypoints; ids, smoothing and subject: over time;
pose3d_inferencer: in metres; cache and run: videos of any length, to files; about and coverage: what these were made
with, and how much was measured; writers: their kinds; drawing: images; errors: OpenCV's.
"""
from spinepose_mm import deprecated
from spinepose_mm.io.sources import open_source
from spinepose_mm.structures.frame import Frame, People, Person

from .pipeline import analyse, check_outputs
from .pose2d_inferencer import SpinePoseInferencer
from .pose3d_inferencer import SpinePose3DInferencer

__all__ = ['Frame', 'People', 'Person', 'SpinePose3DInferencer', 'SpinePoseInferencer', 'analyse', 'check_outputs',
           'open_source']

__getattr__ = deprecated.getter(__name__)
