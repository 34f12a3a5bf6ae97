"""From points in images to points in space: by several calibrated views, or by one with a lifter.

camera: intrinsics, lens and calibration files; calibration: the writing of Pose2Sim's; triangulation: several views;
placement: the scale and the place of a lifted pose; ground: up and the ground; world: the frame that they make; space:
all that, frame by frame.
"""
from spinepose_mm import deprecated
from spinepose_mm.io.cameras import read_cameras, write_cameras
from spinepose_mm.structures.camera import Camera

from .space import Placed, Space
from .triangulation import reprojection_errors, triangulate

__all__ = ['Camera', 'Placed', 'Space', 'read_cameras', 'reprojection_errors', 'triangulate', 'write_cameras']

__getattr__ = deprecated.getter(__name__)
