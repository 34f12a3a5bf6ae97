"""Missing measures of a person in a report: their share of the time, when, why, and what they do to the statistics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spinepose_mm import skeleton
from spinepose_mm.analysis import MEASURES
from spinepose_mm.wording import counted

from .style import clock

if TYPE_CHECKING:
    from .history import Recording, Track

BIASED = (
    'Shares and medians are of the known frames alone, and biased where the person moved otherwise in the missing ones.'
)
LEAST_MISSING = 0.01  # of the frames, below which nothing is said
_MOST_RANGES = 4
_PLANE = tuple(skeleton.index(f'{side}_{name}') for name in ('hip', 'shoulder') for side in ('left', 'right'))


@dataclass
class Missing:
    """The frames from a person's first to the last in which a measure is missing.

    Attributes:
        total: number of the frames from the first to the last.
        valid: number of those that have a value.
        times: of the first and the last frame of the longest runs of the others, seconds, [(first, last), …].
        runs: number of all runs.
        why: sentence without a full stop on what was missing most.
    """

    total: int
    valid: int
    times: list[tuple[float, float]]
    runs: int
    why: str

    @property
    def share(self) -> float:
        return 1 - self.valid / self.total

    def share_bounds(self, count: int) -> tuple[float, float]:
        """Return bounds of a share of all frames, 0 to 1, that is `count` of the frames with a value."""
        return count / self.total, (count + self.total - self.valid) / self.total

    def median_bounds(self, values: np.ndarray) -> tuple[float, float]:
        """Return bounds of the median of all frames, given the values, (N,); infinite where there is no bound."""
        ordered, gone = np.sort(values), self.total - self.valid
        padded = [np.r_[np.full(gone, -np.inf), ordered], np.r_[ordered, np.full(gone, np.inf)]]
        low, high = (float(np.percentile(each, 50, method='nearest')) for each in padded)
        return low, high

    def sentence(self) -> str:
        """Return what is missing, when and why; '' for less than LEAST_MISSING."""
        if self.share < LEAST_MISSING:
            return ''
        ends = [(clock(first), clock(last)) for first, last in self.times]
        when = ', '.join(first if first == last else f'{first} to {last}' for first, last in ends)
        shorter = self.runs - len(self.times)
        more = f' and {counted(shorter, "shorter time")}' if shorter else ''
        return f'Not known in {100 * self.share:.0f} % of the frames ({when}{more}): {self.why}.'


def missing(track: Track, name: str, recording: Recording) -> Missing:
    """Return the Missing of a measure.

    Args:
        track: Track.
        name: of the measure.
        recording: Recording of its video.
    """
    first, last = track.frames[0], track.frames[-1]
    valid = np.zeros(last - first + 1, bool)
    valid[track.frames - first] = np.isfinite(track.values(name))
    runs = np.flatnonzero(np.diff(np.r_[True, valid, True].astype(int))).reshape(-1, 2)
    longest = np.sort(np.argsort(runs[:, 0] - runs[:, 1], kind='stable')[:_MOST_RANGES])
    step = (recording.last - recording.first) / max(1, recording.frames - 1)
    times = (recording.first + (first + runs[longest] - [0, 1]) * step).tolist()
    return Missing(len(valid), int(valid.sum()), times, len(runs), _why(track, name, len(valid) - int(valid.sum())))


def _why(track: Track, name: str, count: int) -> str:
    """Return what was missing most in the `count` frames without the measure."""
    gone = ~np.isfinite(track.values(name))
    needed = [*map(skeleton.index, MEASURES[name].levels), *_PLANE]
    invisible = ~track.visible[np.ix_(gone, needed)]
    lacking = invisible.sum(0)
    shown = track.shown(MEASURES[name].plane)[gone]
    most = skeleton.KEYPOINTS[needed[int(lacking.argmax())]]
    whole = ~invisible.any(1)
    reasons = {
        'the person was not detected in {}': count - int(gone.sum()),
        f'{most.level or most.name.replace("_", " ")} was missing most, in {{}}': int(lacking.max(initial=0)),
        'the camera did not show the plane in {}': int((whole & ~shown).sum()),
        'the keypoints were where no spine can be in {}': int((whole & shown).sum()),
    }
    given = sorted((number, reason) for reason, number in reasons.items() if number)[::-1]
    return '; '.join(reason.format(f'{100 * number / count:.0f} % of these') for number, reason in given)
