from types import SimpleNamespace

import numpy as np
import pytest

from spinepose_mm import skeleton
from spinepose_mm.analysis import VIEWS
from spinepose_mm.writers.report.history import Track
from spinepose_mm.writers.report.missing import Missing, missing

RECORDING = SimpleNamespace(first=10.0, last=19.9, frames=100)


def track(values, frames=None, view='left side', invisible=None, hidden=()):
    """Return the Track of a person's trunk inclination in some of the 100 frames of RECORDING.

    Args:
        invisible: name of a keypoint that is not visible in the frames `hidden`.
    """
    rows = np.zeros(
        len(values),
        [
            ('frame', int),
            ('time', float),
            ('view', int),
            ('visible', bool, 37),
            ('values', float, 1),
            ('errors', float, 1),
        ],
    )
    rows['frame'] = range(len(values)) if frames is None else frames
    rows['view'], rows['visible'], rows['values'][:, 0] = VIEWS.index(view), True, values
    if invisible:
        rows['visible'][hidden, skeleton.index(invisible)] = False
    return Track(rows, np.arange(len(values)), ['trunk_inclination'])


def test_deep_bends_that_are_missing_are_reported_with_when_and_why():
    """28 of 100 frames, the deepest, without C7: 38% of the others are at 60 degrees and more, 56% of all are."""
    angles = np.r_[np.linspace(0, 59, 44), np.linspace(60, 79, 28), np.linspace(80, 110, 28)]
    known = np.r_[angles[:72], np.full(28, np.nan)]
    found = missing(track(known, invisible='C7', hidden=range(72, 100)), 'trunk_inclination', RECORDING)
    assert (found.total, found.valid, found.share) == (100, 72, pytest.approx(0.28))
    assert found.sentence() == (
        'Not known in 28 % of the frames (17.2 s to 19.9 s): C7 was missing most, in 100 % of these.'
    )
    low, high = found.share_bounds(28)
    assert low == 0.28 and high == pytest.approx(0.56)  # the share of all frames is at one end here
    low, high = found.median_bounds(angles[:72])
    assert low < np.median(angles[:72]) < np.median(angles) <= high + 1


def test_bounds_hold_whatever_is_missing():
    rng = np.random.default_rng(0)
    for _ in range(20):
        angles, gone = rng.normal(30, 20, 101), rng.choice(101, 20, replace=False)
        known = np.delete(angles, gone)
        found = Missing(101, 81, [], 0, '')
        low, high = found.median_bounds(known)
        assert low <= np.median(angles) <= high
        low, high = found.share_bounds((known > 30).sum())
        assert low <= np.mean(angles > 30) <= high
    assert Missing(10, 4, [], 0, '').median_bounds(np.arange(4.0)) == (-np.inf, np.inf)


def test_frames_without_the_person_count_too():
    frames = np.r_[20:40, 60:80]
    found = missing(track(np.ones(40), frames), 'trunk_inclination', RECORDING)
    assert (found.total, found.valid) == (60, 40)
    assert found.sentence() == (
        'Not known in 33 % of the frames (14.0 s to 15.9 s): the person was not detected in 100 % of these.'
    )


def test_views_and_implausible_keypoints_are_reasons():
    found = missing(track([1.0, 2, 3], view='front'), 'trunk_inclination', RECORDING)
    assert found.valid == 0 and found.why == 'the camera did not show the plane in 100 % of these'
    found = missing(track([1.0, np.nan, 3]), 'trunk_inclination', RECORDING)
    assert found.why == 'the keypoints were where no spine can be in 100 % of these'


def test_many_gaps_are_the_longest_and_a_count():
    values = np.ones(100)
    values[5:95:10] = np.nan
    values[50:54] = np.nan
    text = missing(track(values), 'trunk_inclination', RECORDING).sentence()
    assert '15.0 s to 15.3 s' in text and 'and 6 shorter times' in text and text.count(' s,') == 3


def test_nothing_missing_is_not_mentioned():
    assert missing(track(np.ones(100)), 'trunk_inclination', RECORDING).sentence() == ''
