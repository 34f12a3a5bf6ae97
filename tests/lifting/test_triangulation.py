import numpy as np
import pytest
from scipy.optimize import least_squares

from spinepose_mm.lifting import reprojection_errors, triangulate
from spinepose_mm.synthetic.poses import PoseSettings, synthesize_poses


@pytest.fixture(scope='module')
def scene(tmp_path_factory):
    """Four cameras around a walking person: ground-truth places (N, 3), pixels (4, N, 2) and projections (4, 3, 4)."""
    path = tmp_path_factory.mktemp('poses') / 'poses.npz'
    synthesize_poses(path, PoseSettings(1, frames=5, views=4, motions=('walk',)))
    data = np.load(path)
    views = {key: data[key].reshape(4, 5, *data[key].shape[1:]) for key in ('part', 'S_world', 'K', 'R', 't')}
    projections = views['K'][:, 0] @ np.concatenate([views['R'][:, 0], views['t'][:, 0, :, None]], axis=-1)
    return views['S_world'][0, ..., :3].reshape(-1, 3), views['part'][..., :2].reshape(4, -1, 2), projections


def test_exact_pixels_give_exact_places(scene):
    expected, pixels, projections = scene
    places, used, errors = triangulate(pixels, np.ones(pixels.shape[:2]), projections)
    assert np.linalg.norm(places - expected, axis=-1).max() < 1e-4  # a tenth of a millimetre
    assert used.all() and errors.max() < 1e-6


def test_two_views_are_enough_and_one_is_not(scene):
    expected, pixels, projections = scene
    weights = np.ones(pixels.shape[:2])
    weights[1:3], weights[3, 7], weights[:, 9] = 0, 0, 0
    places, used, errors = triangulate(pixels, weights, projections)
    assert np.isnan(places[[7, 9]]).all() and np.isnan(errors[[7, 9]]).all() and not used[:, [7, 9]].any()
    others = np.delete(np.arange(len(expected)), [7, 9])
    assert np.linalg.norm(places[others] - expected[others], axis=-1).max() < 1e-4
    assert used[[0, 3]][:, others].all() and not used[1:3].any()


def test_a_wrong_view_is_left_out(scene):
    expected, pixels, projections = scene
    wrong = pixels.copy()
    view = np.arange(len(expected)) % 4
    wrong[view, np.arange(len(expected))] += [80.0, -60.0]
    wrong[2, 5] = np.nan
    places, used, _ = triangulate(wrong, np.ones(pixels.shape[:2]), projections)
    assert np.linalg.norm(places - expected, axis=-1).max() < 1e-4
    assert not used[view, np.arange(len(expected))].any() and used.sum() >= 3 * len(expected) - 1


def test_noise_is_averaged_to_the_least_squares(scene):
    """As SciPy's solver, with weights; more views make it better."""
    expected, pixels, projections = scene
    rng = np.random.default_rng(0)
    noisy, weights = pixels + rng.normal(0, 2, pixels.shape), rng.uniform(0.3, 1, pixels.shape[:2])
    places, used, errors = triangulate(noisy, weights, projections, threshold=50.0)
    assert used.all() and 1 < errors.mean() < 3
    for n in (0, 20, 100):

        def residuals(place):
            projected = np.append(place, 1) @ np.swapaxes(projections, 1, 2)
            return ((projected[:, :2] / projected[:, 2:] - noisy[:, n]) * np.sqrt(weights[:, n])[:, None]).ravel()

        np.testing.assert_allclose(places[n], least_squares(residuals, expected[n], xtol=1e-12).x, atol=1e-6)
    pair, _, _ = triangulate(noisy[:2], weights[:2], projections[:2], threshold=50.0)
    assert np.linalg.norm(places - expected, axis=-1).mean() < 0.8 * np.linalg.norm(pair - expected, axis=-1).mean()


def cameras(*centers):
    """Return projections of cameras at places in the plane y = 0 that look at the origin, focal length 1000."""
    found = []
    for center in np.array(centers, float):
        forward = -center / np.linalg.norm(center)
        turn = np.stack([np.cross([0, -1, 0], forward), [0, -1, 0], forward])
        found.append(np.diag([1000, 1000, 1.0]) @ np.column_stack([turn, -turn @ center]))
    return np.stack(found)


@pytest.mark.parametrize('centers', [[(0, 0, 4), (0, 0, 4)], [(0, 0, 4), (0, 0, -4)], [(0, 0, 4), (0.02, 0, 4)]])
def test_views_along_one_line_place_nothing(centers):
    """One place twice, two opposite ones, two side by side: the depth is undefined, so that the result is NaN."""
    rng, projections = np.random.default_rng(0), cameras(*centers)
    expected = rng.uniform(-0.05, 0.05, (50, 3))
    projected = np.concatenate([expected, np.ones((50, 1))], -1) @ np.swapaxes(projections, 1, 2)
    pixels = projected[..., :2] / projected[..., 2:] + rng.normal(0, 0.5, (2, 50, 2))
    places, used, errors = triangulate(pixels, np.ones((2, 50)), projections)
    assert np.isnan(places).mean() > 0.9 and not used[:, np.isnan(places[:, 0])].any()
    third = cameras(*centers, (4, 0, 0))
    projected = np.concatenate([expected, np.ones((50, 1))], -1) @ np.swapaxes(third, 1, 2)
    places, used, errors = triangulate(projected[..., :2] / projected[..., 2:], np.ones((3, 50)), third)
    assert np.linalg.norm(places - expected, axis=-1).max() < 1e-6 and used.all()


def test_no_points(scene):
    places, used, errors = triangulate(np.zeros((4, 0, 2)), np.zeros((4, 0)), scene[2])
    assert places.shape == (0, 3) and used.shape == (4, 0) and errors.shape == (0,)


def test_reprojection_by_hand():
    """A camera of focal length 100 at the origin; a point behind it is infinitely far off."""
    camera = np.array([[[100.0, 0, 50, 0], [0, 100, 40, 0], [0, 0, 1, 0]]])
    places, points = np.array([[0.1, 0, 1], [0, 0, -1]]), np.array([[[60.0, 43], [50, 40]]])
    assert reprojection_errors(places, points, camera).tolist() == [[3.0, np.inf]]


def test_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r'with V from 2 on, not \(1, 3, 2\)'):
        triangulate(np.ones((1, 3, 2)), np.ones((1, 3)), np.ones((1, 3, 4)))
