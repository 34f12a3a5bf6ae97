"""How much of an input could be measured, and what to do where that is hardly anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .measures import MEASURES
from .view import shows

if TYPE_CHECKING:
    from spinepose_mm.structures.frame import People

_MIN_SHARE = 0.2  # of people's frames that have an angle, below which there is a warning
_ANGLES = {
    plane: [name for name, measure in MEASURES.items() if measure.plane == plane] for plane in ('sagittal', 'frontal')
}
_BOXES = (
    "give the people's bounding boxes (--boxes), or a person detector (--det-model), so that each person fills "
    'a box of their own'
)
_TURN = 'place the camera straight beside the person, or straight in front or behind'


@dataclass
class Coverage:
    """Counts of frames and of the people in them.

    Attributes:
        frames: number of frames.
        empty: number of frames without detections.
        people: number of people in all frames together.
        with_view: number of those whose view is known, which takes hips, shoulders, C7, S1 and some more.
        measured: number of those with an angle in a plane that the camera shows.
        measures: whether people are measured.
    """

    frames: int = 0
    empty: int = 0
    people: int = 0
    with_view: int = 0
    measured: int = 0
    measures: bool = True

    def add(self, people: People) -> None:
        """Count the People of a frame."""
        self.frames += 1
        self.empty += not len(people)
        self.people += len(people)
        if people.views is None or not len(people):
            return
        self.with_view += int((people.views != 'unknown').sum())
        measured = np.zeros(len(people), bool)
        for plane, names in _ANGLES.items():
            angles = [people.measures[name] for name in names if name in people.measures]
            if angles:
                measured |= np.isfinite(angles).any(0) & shows(people.views, plane)
        self.measured += int(measured.sum())

    @property
    def warning(self) -> str:
        """What is wrong and what to do where hardly anything was measured, as one sentence; '' elsewhere."""
        if self.frames and self.empty > (1 - _MIN_SHARE) * self.frames:
            return f'no detections in {self.empty} of {self.frames} frames; {_BOXES}'
        if not self.measures or not self.people or self.measured >= _MIN_SHARE * self.people:
            return ''
        why, advice = (
            ('the camera shows the people neither from the side nor from the front or the back', _TURN)
            if self.with_view > self.people / 2
            else ('too few keypoints are visible, as of a person who is small in the image', _BOXES)
        )
        return (
            f'hardly anything could be measured ({100 * self.measured / self.people:.0f} % of the frames with '
            f'people): {why}; {advice}'
        )
