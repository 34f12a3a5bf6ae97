"""Rendered people with a real spine: as many labelled images as wanted, on any machine, without a display.

    from spinepose_mm.synthetic import Settings, synthesize
    synthesize('data/synthetic', Settings(images=1000, split='train', seed=1))

anatomy: measures of the body; body: joints and keypoints; motion: sequences of poses; surface: skin and clothes; scene:
cameras and rendering; backdrop: what is around people; image: one image and its labels; dataset: many of them;
look: images to check them by eye; poses, crossing and around: numbers without images, for lifting, for tracking and
for measures from all sides. Rendering needs the extra `synthetic` (PyVista).
"""
from spinepose_mm import deprecated

from .body import Body, forward, keypoints
from .dataset import Settings, synthesize
from .motion import MOTIONS, sequence

__all__ = ['Body', 'MOTIONS', 'Settings', 'forward', 'keypoints', 'sequence', 'synthesize']

__getattr__ = deprecated.getter(__name__)
