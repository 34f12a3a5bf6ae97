"""Cameras out of points and pixels that simspine_release projects, by formulas written out there."""

import numpy as np
import pytest

import simspine_release
from spinepose_mm.lifting.resection import fit_camera

VIEW = simspine_release.VIEWS[2]


def see(frames=60, dist=simspine_release.DIST, roam=1.2, view=VIEW):
    """Return points (N, 3), pixels (N, 2), and R and t of the camera."""
    fields = simspine_release.labels(simspine_release.make(('S1',), frames=frames, roam=roam, dist=dist), ['S1'])
    rows = np.char.count(fields['imgname'], view) > 0
    points, pixels = fields['S_world'][rows, :, :3], fields['part'][rows, :, :2]
    return points.reshape(-1, 3), pixels.reshape(-1, 2), fields['R'][rows][0], fields['t'][rows][0]


@pytest.mark.parametrize('dist', [simspine_release.DIST, np.zeros(5)])
@pytest.mark.parametrize('frames, most', [(60, 1e-4), (1, 2e-3)])
def test_exact_labels_tell_the_camera(dist, frames, most):
    points, pixels, R, t = see(frames, dist)
    camera = fit_camera(points, pixels)
    np.testing.assert_allclose(camera.to_camera(points), points @ R.T + t, atol=most)
    np.testing.assert_allclose(camera.project(points), pixels, atol=1e-3)
    np.testing.assert_allclose(camera.K, simspine_release.K, atol=0.5)
    assert frames == 1 or np.abs(camera.dist[:2] - dist[:2]).max() < 0.01


def test_noise_and_wrong_labels():
    rng, (points, pixels, R, t) = np.random.default_rng(0), see()
    noisy = pixels + rng.normal(0, 0.5, pixels.shape)
    wrong = rng.random(len(pixels)) < 0.08
    noisy[wrong] += rng.normal(0, 150, (wrong.sum(), 2))
    camera = fit_camera(points, noisy)
    assert np.median(np.linalg.norm(camera.to_camera(points) - points @ R.T - t, axis=1)) < 0.1
    assert np.median(np.linalg.norm(camera.project(points) - pixels, axis=1)) < 0.2


def mixed():
    one, other = see(), see(view=simspine_release.VIEWS[0])
    return np.concatenate([one[0], other[0]]), np.concatenate([one[1], other[1]])


@pytest.mark.parametrize(
    'points, pixels, message',
    [
        (*(values[:5] for values in see()[:2]), '5 points are too few to tell the camera by; it takes six'),
        (see()[0] * [1, 0, 1], see()[1], 'the points lie in a plane or on a line'),
        (np.ones((9, 3)), np.ones((9, 2)), 'the points lie in a plane or on a line'),
        (*mixed(), r'the points are \d+ pixels and more from where one camera would see them'),
        (see()[0], np.ones_like(see()[1]), r'the points are|no camera sees|behind'),
        (see()[0] * [-1, 1, 1], see()[1], 'the points are mirrored'),
    ],
)
def test_what_tells_no_camera(points, pixels, message):
    with pytest.raises(ValueError, match=message):
        fit_camera(points, pixels)
