"""The person, or the people, that a user has chosen."""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING

import numpy as np

from .tracker import MEMORY

if TYPE_CHECKING:
    from typing import Any

    from spinepose_mm.structures.frame import People

CHOICES = ('all', 'largest', 'most central')


class Subject:
    """The chosen people of an image or of a video.

    'largest' goes by the area of the box and 'most central' by its middle; they stay with the chosen person until the
    tracker has dropped that track, then choose again. A box chooses the person whose box overlaps it most (IoU), in the
    first frame with an overlap. An id or a box never changes to another person.

    Args:
        choice: out of CHOICES, an id, or a box (x1, y1, x2, y2) in pixels.
        frame_rate: frames a second of a video.
        memory: seconds for which the tracker keeps the track of a person who is lost.

    Raises:
        ValueError: the choice is none of these.
    """

    def __init__(self, choice: Any, frame_rate: float = 30.0, memory: float = MEMORY) -> None:
        self._id: int | None = int(choice) if _is_id(choice) else None
        self._named: str | None = choice if isinstance(choice, str) and choice in CHOICES else None
        # Of those who are named by a word or an id, no box is asked for.
        self._box = np.zeros(4) if self._named or self._id is not None else _box(choice)
        self._most_gone, self._gone = frame_rate * memory, 0

    def update(self, people: People, size: tuple[int, int]) -> People:
        """Return the chosen ones of the next frame's People.

        Args:
            people: People with ids.
            size: (width, height) of the image in pixels.

        Raises:
            ValueError: people have no ids.
        """
        if self._named == 'all':
            return people
        if people.ids is None:
            raise ValueError('a subject is chosen by track ids, and people have none')
        self._gone = 0 if self._id in people.ids else self._gone + 1
        if self._id is None or self._named and self._gone > self._most_gone:
            self._id, self._gone = self._choose(people, people.ids, size), 0
        return people[people.ids == self._id]

    def _choose(self, people: People, ids: np.ndarray, size: tuple[int, int]) -> int | None:
        """Return the id of the person that fits the choice best, None where there is none."""
        low, high = people.boxes[:, :2], people.boxes[:, 2:]
        if self._named == 'largest':
            fits = (high - low).prod(1)
        elif self._named:
            fits = -np.linalg.norm((low + high) / 2 - np.divide(size, 2), axis=1)
        else:
            both = (np.minimum(high, self._box[2:]) - np.maximum(low, self._box[:2])).clip(0).prod(1)
            fits = both / ((high - low).prod(1) + (self._box[2:] - self._box[:2]).prod() - both)
            ids, fits = ids[both > 0], fits[both > 0]
        return ids[fits.argmax()] if len(ids) else None


def _is_id(choice: object) -> bool:
    return isinstance(choice, numbers.Integral) and not isinstance(choice, bool) and int(choice) >= 0


def _box(choice: Any) -> np.ndarray:
    """Return a box as an array.

    Raises:
        ValueError: it is no box.
    """
    try:
        box = np.array(choice, float)
    except (TypeError, ValueError):
        box = np.zeros(0)
    if box.shape != (4,) or not np.isfinite(box).all() or (box[2:] <= box[:2]).any():
        raise ValueError(
            f'a subject is {", ".join(map(repr, CHOICES))}, an id from 0, or a box (x1, y1, x2, y2) with '
            f'x1 < x2 and y1 < y2, not {choice!r}'
        )
    return box
