import numpy as np
import pytest

from figures import UP, apart, figure
from spinepose_mm.analysis import MEASURES, measure_errors, measure_space
from spinepose_mm.analysis.intervals import _CORRELATION, _MOVED, _SHARES, COVERAGE


def facing(towards):
    """Return the figure of `figures`, which stands with its side or its front to the z axis."""
    return figure() if towards == 'side' else figure()[:, [2, 1, 0]] * [1, 1, -1]


def test_a_line_by_hand():
    """The trunk's length L is .6 m; C7 moves by e along each axis, so that an angle moves by e / L; S1 is exact."""
    points, errors = figure()[None], np.full((1, 37), 0.03)
    found = measure_errors(points, errors, UP)
    for name, axis in (('trunk_inclination', 0), ('trunk_lean', 2)):
        expected = COVERAGE * np.degrees(0.03 * np.sqrt(_SHARES[axis]) / 0.6)
        assert found[name] == pytest.approx([expected], rel=0.01), name
    assert list(found) == list(MEASURES)


def test_it_is_the_spread_of_what_is_measured_where_points_have_these_errors():
    rng = np.random.default_rng(0)
    points, errors = figure(20, 40, 50), np.full(37, 0.004)
    axes = rng.multivariate_normal(np.zeros(len(_MOVED)), _CORRELATION, (3000, 3)) * np.sqrt(_SHARES)[:, None] * 0.004
    moved = np.repeat(points[None], 3000, axis=0)
    moved[:, _MOVED] += np.swapaxes(axes, 1, 2)
    measured, ground_truth = measure_space(moved, UP), measure_space(points[None], UP)
    found = measure_errors(points[None], errors[None], UP)
    for name in ('trunk_inclination', 'neck_flexion', 'kyphosis', 'lordosis', 'trunk_lean', 'T3_T8', 'spine_length'):
        off = measured[name] - ground_truth[name]
        off = apart(off, 0) if MEASURES[name].unit == 'deg' else off
        assert np.sqrt(np.mean(off**2)) * COVERAGE == pytest.approx(found[name][0], rel=0.1), name


def test_what_lies_in_depth_is_less_sure():
    errors = np.full((1, 37), 0.03)
    side, front = (measure_errors(facing(towards)[None], errors, UP) for towards in ('side', 'front'))
    assert side['trunk_inclination'] < 0.6 * front['trunk_inclination']
    assert side['trunk_lean'] > 1.5 * front['trunk_lean']


def test_unknown_errors_and_people():
    errors = np.full((2, 37), 0.03)
    errors[0] = np.nan
    found = measure_errors(np.stack([figure()] * 2), errors, UP)
    assert np.isnan(found['trunk_inclination'][0]) and found['trunk_inclination'][1] > 0
    assert all(values.shape == (0,) for values in measure_errors(np.zeros((0, 37, 3)), np.zeros((0, 37)), UP).values())
