from functools import partial

import numpy as np
from mmpose.apis import _track_by_iou, _track_by_oks

from spinepose_mm import skeleton

_MOST_LOST = 30  # frames for which somebody who is not found keeps the id


class Ids:
    """The ids of the people of a video: MMPose's tracking, and whoever is lost for some frames keeps the id.

    Args:
        by_keypoints: whether people are told by their keypoints (OKS) or by their boxes (IoU).
        threshold: OKS or IoU from which two are the same.
    """

    def __init__(self, by_keypoints, threshold):
        self._track = partial(_track_by_oks, sigmas=np.array(skeleton.SIGMAS)) if by_keypoints else _track_by_iou
        self._threshold, self._known, self._next = threshold, [], 0

    def update(self, people):
        """Give the people of the next frame their `track_id`, and return them in its order."""
        for person in people:
            boxes = person.pred_instances.bboxes
            person.pred_instances.areas = (boxes[:, 2:] - boxes[:, :2]).prod(-1)
            # What it finds, it takes off the list.
            person.track_id, person.lost = self._track(person, self._known, self._threshold)[0], 0
            if person.track_id < 0:
                person.track_id, self._next = self._next, self._next + 1
        for person in self._known:
            person.lost += 1
        self._known = [*people, *(person for person in self._known if person.lost < _MOST_LOST)]
        return sorted(people, key=lambda person: person.track_id)
