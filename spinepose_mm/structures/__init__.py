"""Plain dataclasses and constants that the other packages share.

camera: a calibrated camera.
frame: a frame of an input and the people in it.
simspine_layout: fields and shapes of SIMSPINE's annotation files.
"""

from .camera import Camera, check_camera
from .frame import Frame, People, Person, no_people, to_instances, to_persons
from .simspine_layout import CAMERA_LAYOUT, LAYOUT, NAMES, SUBJECTS

__all__ = [
    'CAMERA_LAYOUT',
    'Camera',
    'Frame',
    'LAYOUT',
    'NAMES',
    'People',
    'Person',
    'SUBJECTS',
    'check_camera',
    'no_people',
    'to_instances',
    'to_persons',
]
