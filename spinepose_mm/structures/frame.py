"""What the stages of inference pass on: a frame of an input, and its people as plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from mmengine.structures import InstanceData

from spinepose_mm import skeleton
from spinepose_mm.confidence import confidence

#: What a person's points in metres are in: OpenCV's camera (x right, y down, z forward) or the world (Y up, the ground
#: at 0).
COORDINATES = ('camera', 'world')


@dataclass
class People:
    """The people of one frame. P is their number, 37 the number of keypoints.

    Attributes:
        keypoints: image pixels, (P, 37, 2).
        scores: of the keypoints, as the model gives them; what they mean and how large they are differs, (P, 37).
        boxes: image pixels, x1, y1, x2, y2, (P, 4).
        box_scores: 0 to 1, (P,).
        ids: the same for a person in all frames of a video, from 0, (P,).
        points: metres, (P, 37, 3), where people were lifted; NaN for a person who could not be.
        point_errors: how far off each point is expected to be against S1, metres, (P, 37), where the lifter says so.
        reprojection_errors: mean distance of the projected points from the keypoints, pixels, (P,), where people were
            lifted.
        views: the view of each person, out of `spinepose_mm.analysis.VIEWS`, (P,), where they were measured.
        measures: {name: (P,)}, named and in units as `spinepose_mm.analysis.MEASURES` says, NaN where one cannot be
            computed.
        measure_errors: {name: (P,)}, half of the interval that each is expected to lie within, in the same units,
            where the lifter says how far off its points are; NaN where it is not known.
        confidence: how likely each keypoint is right, 0 to 1, (P, 37), see `spinepose_mm.confidence`; thresholds go by
            it. Where it is not given, it is made of the scores, as for a model without a calibration.
    """

    keypoints: np.ndarray
    scores: np.ndarray
    boxes: np.ndarray
    box_scores: np.ndarray
    ids: np.ndarray | None = None
    points: np.ndarray | None = None
    point_errors: np.ndarray | None = None
    reprojection_errors: np.ndarray | None = None
    views: np.ndarray | None = None
    measures: dict[str, np.ndarray] = field(default_factory=dict)
    measure_errors: dict[str, np.ndarray] = field(default_factory=dict)
    confidence: np.ndarray = None  # type: ignore[assignment]  # `__post_init__` puts an array there

    def __post_init__(self) -> None:
        if self.confidence is None:
            self.confidence = confidence(self.scores)

    def __len__(self) -> int:
        return len(self.keypoints)

    @property
    def sizes(self) -> np.ndarray:
        """Size of each person, the diagonal of the box, in pixels, (P,)."""
        return np.linalg.norm(self.boxes[:, 2:] - self.boxes[:, :2], axis=1)

    def __getitem__(self, chosen: np.ndarray | Sequence[int]) -> People:
        """Return some of the people, by a mask or a list of numbers."""
        return People(**{entry.name: _rows(getattr(self, entry.name), chosen) for entry in fields(self)})


def _rows(value: Any, chosen: np.ndarray | Sequence[int]) -> Any:
    """Return the chosen rows of an array, or of each array of a dict; None stays None."""
    if value is None:
        return None
    if isinstance(value, dict):
        return {name: array[chosen] for name, array in value.items()}
    return value[chosen]


def no_people() -> People:
    """Return an empty People."""
    k = skeleton.NUM_KEYPOINTS
    return People(np.zeros((0, k, 2)), np.zeros((0, k)), np.zeros((0, 4)), np.zeros(0), np.zeros(0, int))


@dataclass
class Frame:
    """One frame of an input.

    Attributes:
        index: of the frame in its input, from 0.
        time: seconds from the beginning of a video; NaN for an image that is not part of a video.
        path: of the image, or of the video.
        image: (H, W, 3), uint8, BGR.
        people: People.
        coordinates: what 3D is in, out of COORDINATES, where people were lifted.
        settled: whether scale and world are final, where people were lifted.
    """

    index: int
    time: float
    path: str
    image: np.ndarray = None  # type: ignore[assignment]  # every source gives it
    people: People = None  # type: ignore[assignment]  # there from the first stage on
    coordinates: str | None = None
    settled: bool | None = None

    @property
    def place(self) -> tuple[str, int | None]:
        """Path and index; the index is None for an image that is not part of a video."""
        return self.path, None if np.isnan(self.time) else self.index


class Person(dict[str, Any]):
    """A person as MMPose's inferencers give one, a dict of what JSON takes; keypoints can be asked for by name.

    `person['L3']` or `person['spine_02']` is the keypoint's place, (x, y) in pixels or (x, y, z) in metres, and
    `person.score('L3')` its score, `person.confidence('L3')` how likely it is right, 0 to 1.

    Names and levels of keypoints are keys for `[]`, `in` and `get`. Iteration, `len`, equality and JSON are of the
    entries alone: `keypoints`, `keypoint_scores`, `bbox` and so on.

    Raises:
        KeyError: there is no such entry or keypoint; of a keypoint's name, the nearest are listed.
    """

    def __missing__(self, name: str) -> list[float]:
        if not isinstance(name, str) or not super().__contains__('keypoints'):
            raise KeyError(name)
        return self['keypoints'][skeleton.index(name)]

    def __contains__(self, name: object) -> bool:
        if super().__contains__(name):
            return True
        return super().__contains__('keypoints') and (name in skeleton.NAMES or name in skeleton.LEVELS)

    def get(self, name: str, default: Any = None) -> Any:
        """Return an entry, or a keypoint by its name or level, or else the default."""
        return self[name] if name in self else default

    def copy(self) -> Person:
        """Return another Person with the same entries."""
        return Person(self)

    def score(self, name: str) -> float:
        """Return the score of a keypoint, given its name or level."""
        return self['keypoint_scores'][skeleton.index(name)]

    def confidence(self, name: str) -> float:
        """Return how likely a keypoint is right, 0 to 1, given its name or level."""
        return self['keypoint_confidence'][skeleton.index(name)]


def to_instances(people: People) -> InstanceData:
    """Return People as MMPose's `pred_instances`; where people were lifted, `keypoints` are those in 3D.

    `keypoints_visible`, which MMPose's drawing compares with its `kpt_thr`, is the confidence.
    """
    values: dict[str, Any] = dict(
        keypoints=people.keypoints,
        keypoint_scores=people.scores,
        keypoint_confidence=people.confidence,
        keypoints_visible=people.confidence,
        bboxes=people.boxes,
        bbox_scores=people.box_scores,
        track_id=people.ids,
    )
    if people.points is not None:
        values.update(
            keypoints=people.points, keypoints_2d=people.keypoints, reprojection_error=people.reprojection_errors
        )
    if people.point_errors is not None:
        values.update(keypoint_errors=people.point_errors)
    if people.views is not None:
        values.update(
            view=people.views,
            measures=[
                {name: float(value[i]) if np.isfinite(value[i]) else None for name, value in people.measures.items()}
                for i in range(len(people))
            ],
        )
    return InstanceData(**values)


def to_persons(instances: InstanceData, **common: Any) -> list[Person]:
    """Return `pred_instances` as a list of Person, with MMPose's names (`bbox` is a list of one box, as there).

    Args:
        instances: of `to_instances`.
        common: further entries of each person.
    """
    persons = []
    for i in range(len(instances.keypoints)):
        values = {
            name: value[i].tolist() if isinstance(value, np.ndarray) else value[i]
            for name, value in instances.items()
            if name != 'keypoints_visible'
        }
        persons.append(Person(values, bbox=[values.pop('bboxes')], bbox_score=values.pop('bbox_scores'), **common))
    return persons
