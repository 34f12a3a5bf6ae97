import numpy as np
import pytest

from figures import UP
from spinepose_mm import skeleton
from spinepose_mm.analysis import MEASURES, measure_image, measure_space, shows, view
from spinepose_mm.analysis.plausibility import plausible_levels, without_implausible
from spinepose_mm.synthetic.around import perform, photograph
from spinepose_mm.synthetic.body import AXES, Body, forward, keypoints, rest
from spinepose_mm.synthetic.motion import MOTIONS

SPINE = list(skeleton.SUBSETS['spine'])
CURVES = ('kyphosis', 'lordosis', 'thoracolumbar_flexion')


def moved(point, by):
    """Return a standing body, (1, 37, 3), with a keypoint moved by some metres forward, up and to the right."""
    points = keypoints(Body(), forward(Body(), rest()))
    points[0, skeleton.index(point)] += by
    return points


@pytest.fixture(scope='module')
def bodies():
    """Bodies in all motions, and with every region of the spine at an end of its ranges, (N, 37, 3)."""
    rng = np.random.default_rng(0)
    points = [perform(rng, list(MOTIONS), people=3, frames=4)[0]]
    for _ in range(30):
        body, pose = Body.sample(rng), rest(20)
        for axis in AXES:
            if axis.startswith(('lumbar', 'thoracic', 'cervical')):
                pose[axis] = rng.choice([-1, 0, 1], 20)
        points.append(keypoints(body, forward(body, pose)))
    return np.concatenate(points)


def test_all_that_bodies_can_do_is_plausible(bodies):
    assert plausible_levels(bodies[:, SPINE]).all()
    found = measure_space(bodies, UP)
    assert np.isfinite([found[name] for name in CURVES]).all()


@pytest.mark.parametrize('azimuth', [0, 90])
def test_in_images_too(bodies, azimuth):
    pixels = photograph(bodies, azimuth)
    views = view(pixels)
    plane = 'sagittal' if azimuth else 'frontal'
    shown, curve = shows(views, plane), slice(2, None)  # from C7 to S1; a neck may point at the camera
    assert shown.sum() > 200 and plausible_levels(pixels[shown][:, SPINE])[:, curve].all()
    if azimuth:
        found = measure_image(pixels, views)
        assert np.isfinite([found[name][shown] for name in CURVES]).all()


@pytest.mark.parametrize(
    'point, by, gone',
    [
        ('C7', (0.5, -0.3, 0), {'trunk_inclination', 'kyphosis', 'lordosis', 'neck_inclination', 'thoracic_lean'}),
        ('S1', (0, 0.12, 0), {'kyphosis', 'lordosis', 'lateral_deviation'}),  # above L5 and L3
        ('T8', (0, -0.4, 0), {'kyphosis', 'lordosis'}),
        ('C1', (0, -0.3, 0), {'neck_flexion', 'neck_lean'}),
    ],
)
def test_keypoints_where_no_spine_can_be_have_no_angles(point, by, gone):
    found = measure_space(moved(point, by), UP)
    assert {name for name in gone if np.isfinite(found[name][0])} == set()
    assert np.isfinite(found['spine_length']).all()


def test_what_does_not_hang_on_them_stays():
    found = measure_space(moved('T8', (0, -0.4, 0)), UP)
    for name in ('trunk_inclination', 'neck_inclination', 'trunk_lean', 'neck_lean'):
        assert np.isfinite(found[name]).all(), name


def test_angles_that_no_curve_has_are_nan():
    spines = np.repeat(moved('C7', (0, 0, 0))[:, SPINE], 3, axis=0)
    found = without_implausible(
        {'lordosis': np.array([-180.0, 20, 120]), 'trunk_inclination': np.full(3, 180.0)}, spines
    )
    np.testing.assert_array_equal(found['lordosis'], [np.nan, 20, np.nan])
    assert (found['trunk_inclination'] == 180).all()  # a person may hang


def test_size_and_missing_keypoints_do_not_matter(bodies):
    spines = 340 * bodies[:50, SPINE]
    spines[:, 4] = np.nan
    assert plausible_levels(spines).all() and plausible_levels(np.full((1, 9, 2), np.nan)).all()
    assert plausible_levels(np.zeros((0, 9, 3))).shape == (0, 9)


def test_every_angle_names_its_levels():
    for name, measure in MEASURES.items():
        assert bool(measure.levels) == (measure.plane != 'any'), name
        assert len(measure.levels) == 2 or not measure.turns, name
