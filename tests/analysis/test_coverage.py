import re

import numpy as np
import pytest

from spinepose_mm.analysis.coverage import Coverage
from spinepose_mm.structures.frame import People, no_people


def people(view, angle, count=1):
    return People(
        np.zeros((count, 37, 2)),
        np.ones((count, 37)),
        np.zeros((count, 4)),
        np.ones(count),
        views=np.full(count, view),
        measures=dict(trunk_inclination=np.full(count, angle), trunk_lean=np.full(count, np.nan), C1_C4=np.ones(count)),
    )


def covered(*frames, **options):
    coverage = Coverage(**options)
    for frame in frames:
        coverage.add(frame)
    return coverage


@pytest.mark.parametrize(
    'view, angle, words',
    [
        ('unknown', np.nan, r'hardly anything .*\(0 % .*too few keypoints are visible.*--boxes.*--det-model'),
        ('oblique', 12.0, 'neither from the side nor from the front or the back; place the camera'),  # a lifter's prior
        ('left side', 12.0, None),
        ('front', 12.0, 'hardly'),
    ],
)  # a front does not show an inclination
def test_a_warning_says_what_to_do(view, angle, words):
    warning = covered(*[people(view, angle)] * 10).warning
    assert warning == '' if words is None else re.search(words, warning), warning


def test_counts():
    coverage = covered(people('left side', 3.0, 2), people('left side', np.nan), no_people(), people('unknown', np.nan))
    assert coverage == Coverage(frames=4, empty=1, people=4, with_view=3, measured=2) and not coverage.warning


def test_no_detections():
    warning = covered(*[no_people()] * 9, people('left side', 1.0)).warning
    assert warning.startswith('no detections in 9 of 10 frames; give')
    assert not covered(*[no_people()] * 7, *[people('left side', 1.0)] * 3).warning
    assert not covered().warning


def test_people_who_are_not_measured_are_no_fault():
    unmeasured = people('left side', 1.0)
    unmeasured.views, unmeasured.measures = None, {}
    assert not covered(unmeasured, measures=False).warning
