"""People over time.

tracker: track ids.
one_euro: smoothing of keypoints.
propagation: bounding boxes for frames without a detector.
subject: the person that the user has chosen.
"""

from .one_euro import Smoother
from .propagation import propagate_boxes
from .subject import CHOICES, Subject
from .tracker import MEMORY, PoseTracker

__all__ = ['CHOICES', 'MEMORY', 'PoseTracker', 'Smoother', 'Subject', 'propagate_boxes']
