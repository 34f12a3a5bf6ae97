"""From points in images to points in space: by several calibrated views, or by one with a lifter.

triangulation: points from several views.
resection: a camera from points and their pixels.
placement: the scale and the place of a lifted pose.
ground: the up direction and the ground.
world: the world frame that these define.
space: people in metres, frame by frame.
"""

from spinepose_mm import deprecated
from spinepose_mm.io.cameras import read_cameras, write_cameras
from spinepose_mm.structures.camera import Camera

from .space import Placed, Space
from .triangulation import reprojection_errors, triangulate

__all__ = ['Camera', 'Placed', 'Space', 'read_cameras', 'reprojection_errors', 'triangulate', 'write_cameras']

__getattr__ = deprecated.getter(__name__)
