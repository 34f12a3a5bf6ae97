"""Angles over time that do not jump where they pass a half turn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_MAX_JUMP = 90.0  # degrees across a gap
_MAX_PEOPLE = 1000


class Unwrapper:
    """Keeps angles continuous from frame to frame, as `numpy.unwrap` does with all frames at hand.

    After frames in which an angle is NaN, or its person is missing, it goes on from the last known one. Where that is
    more than a quarter turn away, the direction of the turn is unknown, and it begins anew within (-180, 180]. The
    thousand people who were visible last are remembered.
    """

    def __init__(self) -> None:
        self._last: dict[
            int, tuple[np.ndarray, np.ndarray]
        ] = {}  # id: last angles (M,), and the frames that they are of (M,)
        self._frame = 0

    def update(self, ids: Iterable[int], angles: ArrayLike) -> np.ndarray:
        """Return the angles of the next frame, each plus or minus some whole turns.

        Args:
            ids: of the persons, the same in all frames, (P,).
            angles: M of each person, degrees, NaN where one is not known, (P, M).

        Returns:
            ndarray: (P, M).
        """
        angles = np.asarray(angles, float)
        self._frame += 1
        continued = np.empty_like(angles)
        for row, (person, new) in enumerate(zip(ids, angles)):
            last, frames = self._last.pop(person, (new, np.zeros(len(new), int)))
            last = np.where(np.isnan(last), new, last)
            unwrapped = np.unwrap(np.stack([last, new]), axis=0, period=360)[1]
            lost = (self._frame - frames > 1) & (np.abs(unwrapped - last) > _MAX_JUMP)
            continued[row] = np.where(lost, new, unwrapped)
            valid = np.isfinite(new)
            # The dict is in the order in which people were last visible.
            self._last[person] = np.where(valid, continued[row], last), np.where(valid, self._frame, frames)
        for person in list(self._last)[: -max(_MAX_PEOPLE, len(angles))]:
            del self._last[person]
        return continued
