"""Measures against what synthetic bodies know of their vertebrae, in space and through cameras."""

import numpy as np
import pytest

from figures import UP, apart
from spinepose_mm.analysis import MEASURES, measure_image, measure_space
from spinepose_mm.synthetic.anatomy import VERTEBRAE
from spinepose_mm.synthetic.around import perform, photograph
from spinepose_mm.synthetic.body import Body, cobb, forward, keypoints, rest
from spinepose_mm.synthetic.motion import MOTIONS

SAGITTAL, FRONTAL = (
    [name for name, measure in MEASURES.items() if measure.plane == plane] for plane in ('sagittal', 'frontal')
)


def test_a_whole_body_that_tilts_inclines_as_much():
    body, tilts = Body(), np.array([-60.0, 0, 25, 89, 150])
    pose = rest(len(tilts))
    pose['pelvis_tilt'] = tilts
    found = measure_space(keypoints(body, forward(body, pose)), UP)
    np.testing.assert_allclose(found['trunk_inclination'], tilts, atol=1e-6)  # C7 stands above S1
    np.testing.assert_allclose(found['lumbar_inclination'] - found['lumbar_inclination'][1], tilts, atol=1e-6)
    np.testing.assert_allclose(np.ptp(found['kyphosis']), 0, atol=1e-6)
    pose = rest(3)
    pose['pelvis_list'] = np.array([-20.0, 0, 40])  # to the right
    found = measure_space(keypoints(body, forward(body, pose)), UP)
    np.testing.assert_allclose(found['trunk_lean'], [20, 0, -40], atol=1e-6)


@pytest.mark.parametrize('motion', ['walk', 'squat', 'deadlift', 'sit', 'jump', 'lie', 'handstand'])
def test_inclinations_are_those_of_the_vertebrae(motion):
    """A line between keypoints points as the vertebrae that it passes do; forward is as of the pelvis and ribs."""
    points, parts = perform(np.random.default_rng(0), [motion], people=3)
    found = measure_space(points, UP)
    for line, bottom, top in (('lumbar', 'L5', 'L1'), ('thoracic', 'T12', 'C7'), ('trunk', 'L5', 'C7')):
        levels = VERTEBRAE[VERTEBRAE.index(bottom) : VERTEBRAE.index(top) + 1]
        for i, placed in enumerate(parts):
            heights = [1.5 if level[0] == 'L' else 1.0 for level in levels]
            axis = np.average([placed[level][1][0, :, 1] for level in levels], axis=0, weights=heights)
            right = (placed['pelvis'][1][0, :, 2] + placed['ribs'][1][0, :, 2]) * [1, 0, 1]
            forward_axis = np.cross(UP, right / np.linalg.norm(right))
            ground_truth = np.degrees(np.arctan2(axis @ forward_axis, axis @ UP))
            assert abs(apart(found[f'{line}_inclination'][i], ground_truth)) < 3, (line, i)


def test_curves_against_the_cobb_angles_of_the_vertebrae():
    """What docs/measures.md says of their offsets."""
    motions = [motion for motion in MOTIONS if motion not in ('side_bend', 'twist')]
    points, parts = perform(np.random.default_rng(0), motions, people=5)
    found = measure_space(points, UP)
    kyphosis = np.array([cobb(placed, 'T4', 'T12')[0] for placed in parts])
    lordosis = np.array([-cobb(placed, 'L1', 'S1')[0] for placed in parts])
    assert np.ptp(kyphosis) > 30 and np.ptp(lordosis) > 40
    for name, ground_truth, offset, slope, left in (
        ('kyphosis', kyphosis, 1.6, 0.90, 1.5),
        ('lordosis', lordosis, -21, 0.63, 3),
    ):
        assert np.corrcoef(found[name], ground_truth)[0, 1] > 0.94, name
        assert np.mean(found[name] - ground_truth) == pytest.approx(offset, abs=1.5), name
        assert np.polyfit(ground_truth, found[name], 1)[0] == pytest.approx(slope, abs=0.05), name
        assert np.std(found[name] - slope * ground_truth) < left, name


def test_curves_of_people_who_stand_differ():
    rng = np.random.default_rng(3)
    bodies = [Body.sample(rng) for _ in range(60)]
    found = measure_space(np.concatenate([keypoints(body, forward(body, rest())) for body in bodies]), UP)
    assert np.corrcoef(found['kyphosis'], [body.kyphosis for body in bodies])[0, 1] > 0.99
    assert np.corrcoef(found['lordosis'], [body.lordosis for body in bodies])[0, 1] > 0.96


@pytest.mark.parametrize(
    'motions, most',
    [(('stand', 'walk', 'stretch'), 2), (('deadlift', 'squat', 'sit', 'jump'), 3), (('lie', 'handstand'), 6)],
)
@pytest.mark.parametrize('azimuth, view', [(90, 'left side'), (-90, 'right side')])
def test_from_the_side_an_image_gives_what_space_does(motions, most, azimuth, view):
    points, _ = perform(np.random.default_rng(0), motions, people=3)
    ground_truth = measure_space(points, UP)
    found = measure_image(photograph(points, azimuth), np.full(len(points), view))
    for name in SAGITTAL:
        off = np.abs(apart(found[name], ground_truth[name]))
        assert np.nanquantile(off, 0.9) < most and np.isfinite(off).all(), name


@pytest.mark.parametrize('motions, most', [(('stand', 'walk', 'stretch'), 5), (('side_bend',), 4)])
@pytest.mark.parametrize('azimuth, view', [(0, 'front'), (180, 'back')])
def test_from_front_and_back_an_image_gives_what_space_does(motions, most, azimuth, view):
    points, _ = perform(np.random.default_rng(0), motions, people=3)
    ground_truth = measure_space(points, UP)
    found = measure_image(photograph(points, azimuth), np.full(len(points), view))
    for name in FRONTAL:
        off = np.abs(apart(found[name], ground_truth[name]))
        assert np.nanquantile(off, 0.9) < most and np.isfinite(off).all(), name
