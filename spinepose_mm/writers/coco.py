from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from spinepose_mm.io.atomic import replacing

from .base import SCORE_PLACES, Writer, flattened, rounded

if TYPE_CHECKING:
    from spinepose_mm.structures.frame import Frame, People

_PERSON = 1  # the category's id
_MIN_SCORE = 0.2  # `keypoint_score_thr` of MMPose's CocoMetric


class CocoWriter(Writer):
    """COCO's results: a list of a dict for each person, which COCO's and xtcocotools' `loadRes` read.

    `image_id` is the number that an image is named by, as in COCO, or else the frame's index; the first image
    decides for all. `keypoints` are x, y (pixels, 2 decimals) and score (4) of all 37; with `spine_only`, those not of
    the spine are 0, 0, 0. `score` is that of MMPose's CocoMetric with its default `score_mode='bbox_keypoint'`: the
    box's score times the mean score of the keypoints that have more than 0.2, out of those that are written. `bbox` is
    x, y, width, height. `track_id` is the person's id, where people have one.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._file = self.ending.enter_context(replacing(self.path))
        self._file.write('[')
        self.at_end(self._file.write, '\n]\n')
        self._between = '\n'
        self._numbered: bool | None = None

    def write(self, frame: Frame) -> None:
        """Write the people of a frame.

        Raises:
            ValueError: the first image is named by a number, and this one is not.
        """
        people, image_id = frame.people, self._image_id(frame)
        boxes = rounded(np.concatenate([people.boxes[:, :2], people.boxes[:, 2:] - people.boxes[:, :2]], axis=1), 2)
        keypoints = flattened(people.keypoints, people.scores, self.keypoints, 2)
        records = [
            dict(image_id=image_id, category_id=_PERSON, keypoints=flat, score=score, bbox=box)
            for flat, score, box in zip(keypoints, self._scores(people), boxes.tolist())
        ]
        if people.ids is not None:
            for record, number in zip(records, people.ids):
                record['track_id'] = int(number)
        if records:
            self._file.write(self._between + ',\n'.join(json.dumps(each, separators=(',', ':')) for each in records))
            self._between = ',\n'

    def _image_id(self, frame: Frame) -> int:
        stem = os.path.splitext(os.path.basename(frame.path))[0]
        is_number = self.frame_rate is None and stem.isdecimal()
        if self._numbered is None:
            self._numbered = is_number
        if self._numbered and not is_number:
            raise ValueError(
                f'{frame.path}: the image is not named by a number, as those before it are, and could '
                'have no image_id of its own'
            )
        return int(stem) if self._numbered else frame.index

    def _scores(self, people: People) -> list[float]:
        scores = people.scores[:, self.keypoints]
        counted = scores > _MIN_SCORE
        mean = np.where(counted, scores, 0).sum(1) / np.maximum(counted.sum(1), 1)
        return rounded(people.box_scores * mean, SCORE_PLACES + 2).tolist()
