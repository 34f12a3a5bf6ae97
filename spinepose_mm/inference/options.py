"""The options of inference: what each means, its default and its range, for all that takes them.

The inferencers, the pipeline and the tool `infer` read them here.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, fields
from numbers import Integral
from typing import Any, Self

import numpy as np

from spinepose_mm.lifting.space import HEIGHT, Space
from spinepose_mm.lifting.world import WARM_UP
from spinepose_mm.models.heads.spinepose_head import SCORES
from spinepose_mm.structures.camera import FIELD_OF_VIEW, Camera
from spinepose_mm.tracking.subject import Subject

#: Where results are written to files, these are the defaults.
OF_FILES = dict(smooth=True, measure=True)


@dataclass(frozen=True, kw_only=True, eq=False)
class PoseOptions:
    """Options of a call of `SpinePoseInferencer`.

    Attributes:
        bboxes: bounding boxes in place of a detector's: what `spinepose_mm.inference.boxes.Boxes` takes. None or []
            is none, as in MMPose.
        bbox_thr: score, 0 to 1, from which a detection is taken.
        nms_thr: IoU, 0 to 1, from which two detections are of one person.
        subject: which people are kept, see `spinepose_mm.tracking.subject.Subject`.
        smooth: whether keypoints of a video are smoothed over time.
        measure: whether people have `measures` of the spine and their `view`, see `spinepose_mm.analysis`.
        flip_test: whether keypoints are the mean of those in an image and in its mirror image, which takes twice as
            long; as the config says where it is None.
        score: what a keypoint's score is made of, 'min' or 'mean', see `spinepose_mm.models.heads.SpinePoseHead`; as
            the config says where it is None.
        v1_postprocess: whether the spine's inner points are averaged, see there; as the config says where it is None.
        detect_every: the detector runs on one of so many frames of a video. In the frames between, boxes are propagated
            from the frame before, and a person who enters is detected on the next frame that it runs on. Without a
            detector it has no effect.

    Raises:
        ValueError: an option is out of its range.
    """

    bboxes: str | os.PathLike | np.ndarray | Sequence | None = None
    bbox_thr: float = 0.3
    nms_thr: float = 0.3
    subject: str | int | Sequence[float] = 'all'
    smooth: bool = False
    measure: bool = False
    flip_test: bool | None = None
    score: str | None = None
    v1_postprocess: bool | None = None
    detect_every: int = 1

    def __post_init__(self) -> None:
        if isinstance(self.bboxes, (list, tuple)) and not self.bboxes:
            object.__setattr__(self, 'bboxes', None)
        every = self.detect_every
        if not isinstance(every, Integral) or every < 1 or self.bboxes is not None and every > 1:
            raise ValueError(
                f'detect_every is a whole number of frames, 1 or more, and 1 where bboxes are given, not {every!r}'
            )
        for name in ('bbox_thr', 'nms_thr'):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f'{name} is a number from 0 to 1, not {getattr(self, name)!r}')
        if self.score not in (None, *SCORES):
            raise ValueError(f'score is out of {", ".join(SCORES)}, not {self.score!r}')
        Subject(self.subject)  # checks it

    @classmethod
    def names(cls) -> set[str]:
        """Return the names of all options."""
        return {entry.name for entry in fields(cls)}

    @classmethod
    def of(cls, options: PoseOptions | None = None, **changes: Any) -> Self:
        """Return options of this class: those given, or the defaults, with changes.

        Raises:
            TypeError: there is no option of that name, or `options` are none.
            ValueError: one is out of its range.
        """
        if options is not None and not isinstance(options, PoseOptions):
            raise TypeError(f'options are {cls.__name__}, or given by name, not {options!r}')
        given = {name: value for name, value in vars(options).items() if name in cls.names()} if options else {}
        return cls(**{**given, **changes})


@dataclass(frozen=True, kw_only=True, eq=False)
class LiftingOptions(PoseOptions):
    """Options of a call of `SpinePose3DInferencer`: those of `PoseOptions`, and of lifting.

    Attributes:
        coordinates: 'camera' (OpenCV's axes) or 'world' (Y up, on the ground).
        camera: Camera, or the path of a calibration file of one camera.
        field_of_view: diagonal, degrees, where no camera is given.
        height: of the people in metres, or {track id: metres}.
        warm_up: number of frames from which scales and the world are estimated.

    Raises:
        ValueError: an option is out of its range.
    """

    coordinates: str = 'camera'
    camera: Camera | str | os.PathLike | None = None
    field_of_view: float = FIELD_OF_VIEW
    height: float | dict[int, float] = HEIGHT
    warm_up: int = WARM_UP

    def __post_init__(self) -> None:
        super().__post_init__()
        # A calibration file is read when it is used: any camera will do to check the other options.
        assumed = Camera.from_field_of_view((1, 1), self.field_of_view if self.camera is None else FIELD_OF_VIEW)
        Space(assumed, self.coordinates, self.height, self.warm_up)  # checks them
