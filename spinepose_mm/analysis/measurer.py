"""Views and measures of the people of a video."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from spinepose_mm.confidence import MIN_CONFIDENCE

from .intervals import measure_errors
from .measures import MEASURES
from .spine import measure_image, measure_space
from .unwrapping import Unwrapper
from .view import view

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from spinepose_mm.structures.frame import People

_TURNING = [name for name, measure in MEASURES.items() if measure.turns]


class Measurer:
    """Measures the people of a video, frame by frame.

    Args:
        min_confidence: below which a keypoint counts as not visible.
        unwrap: whether the angles of `Measure.turns` go on beyond a half turn from frame to frame, where people have
            ids.
    """

    def __init__(self, min_confidence: float = MIN_CONFIDENCE, unwrap: bool = True) -> None:
        self.min_confidence = min_confidence
        self._unwrapper = Unwrapper() if unwrap else None

    def update(self, people: People, up: ArrayLike | None = None) -> People:
        """Return the people of the next frame with their `views` and `measures`.

        Where a lifter says how far off its points may be, they have `measure_errors` too. Measures in space are there
        from all views; `spinepose_mm.analysis.shows` returns which of them the camera shows.

        Args:
            people: People.
            up: the direction of up in the axes of their points, (3,): (0, 1, 0) in the world, and (0, -1, 0) in a
                camera's axes where it is level. Without it, or without points, they are measured in the image.

        Raises:
            ValueError: `up` is no direction.
        """
        visible = (people.confidence >= self.min_confidence)[..., None]
        keypoints = np.where(visible, people.keypoints, np.nan)
        views, errors = view(keypoints), {}
        if people.points is None or up is None:
            measures = measure_image(keypoints, views)
        else:
            points = np.where(visible, people.points, np.nan)
            measures = measure_space(points, up)
            if people.point_errors is not None:
                errors = measure_errors(points, people.point_errors, up)
        if self._unwrapper and people.ids is not None:
            turning = self._unwrapper.update(people.ids, np.stack([measures[name] for name in _TURNING], axis=-1))
            measures.update(zip(_TURNING, turning.T))
        return replace(people, views=views, measures=measures, measure_errors=errors)
