import numpy as np
import pytest

from spinepose_mm import skeleton
from spinepose_mm.synthetic import things
from spinepose_mm.synthetic.body import Body, forward, keypoints
from spinepose_mm.synthetic.mesh import UNOWNED, Plain, face_normals
from spinepose_mm.synthetic.motion import sequence
from spinepose_mm.synthetic.rays import place_of
from spinepose_mm.synthetic.staging import make_cameras, occluders, stand, touched

MATERIAL = Plain(np.ones(3))


def _points(motion, seed=0):
    rng = np.random.default_rng(seed)
    body = Body.sample(rng)
    return keypoints(body, forward(body, sequence(motion, body, rng, seconds=0.1)))[0]


@pytest.mark.parametrize(
    'surface, expected',
    [
        (things.box(np.zeros(3), np.array([1.0, 0.5, 0.3]), MATERIAL, turn=0.7), 0.15),
        (things.ball(np.zeros(3), 0.5, MATERIAL), np.pi / 6),
        (things.tube(np.array([0, -1.0, 0.2]), np.array([0.3, 1, -0.2]), 0.1, MATERIAL), 0.01 * np.pi * 4.25**0.5),
    ],
    ids=['box', 'ball', 'tube'],
)
def test_faces_look_outward_and_close_the_volume(surface, expected):
    normals = face_normals(surface.vertices, surface.faces).T
    corners = surface.vertices[surface.faces]
    assert (np.einsum('fi,fi->f', normals, corners.mean(axis=1) - surface.vertices.mean(axis=0)) > -1e-6).all()
    volume = np.einsum('fi,fi->', corners[:, 0], normals) / 6  # the divergence theorem
    assert volume == pytest.approx(expected, rel=0.04)
    np.testing.assert_allclose(normals.sum(axis=0), 0, atol=1e-5)  # closed


def test_a_barbell_goes_through_both_hands():
    points = _points('deadlift')
    found = next(
        surface for seed in range(9) for surface in touched(np.random.default_rng(seed), [points], ['deadlift'])
    )
    assert found.owner == UNOWNED and found.vertices[:, 1].min() > -0.02
    for side in ('left', 'right'):
        wrist, elbow = (points[skeleton.index(f'{side}_{name}')] for name in ('wrist', 'elbow'))
        assert np.linalg.norm(found.vertices - (wrist + 0.33 * (wrist - elbow)), axis=1).min() < 0.1


@pytest.mark.parametrize('seed', range(5))
def test_a_seat_is_under_the_hips_and_on_the_ground(seed):
    points = _points('sit', seed)
    surface = touched(np.random.default_rng(seed), [points], ['sit'])[0]
    hips = points[[skeleton.index('left_hip'), skeleton.index('right_hip')]].mean(axis=0)
    under = np.linalg.norm((surface.vertices - hips)[:, ::2], axis=1) < 0.13  # before the back
    top = surface.vertices[under, 1].max()
    assert 0.02 < hips[1] - top < 0.2
    assert surface.vertices[:, 1].min() == pytest.approx(0, abs=0.02)


def test_people_stand_near_but_not_in_each_other():
    people = [_points(motion, seed) for seed, motion in enumerate(('lie', 'stretch', 'run', 'squat'))]
    for seed in range(5):
        shifts = stand(np.random.default_rng(seed), people)
        moved = [points + [x, 0, z] for points, (x, z) in zip(people, shifts)]
        assert not shifts[0].any()
        gaps = [np.linalg.norm(a[:, None] - b, axis=-1).min() for i, a in enumerate(moved) for b in moved[:i]]
        assert min(gaps) >= 0.3 and min(gaps) < 1.5


def test_cameras_are_from_the_ground_to_the_ceiling_and_see_the_person():
    points = _points('stretch')
    cameras = [make_cameras(np.random.default_rng(seed), points, (128, 96), 1)[0] for seed in range(60)]
    heights = np.array([place_of(camera)[1] for camera in cameras])
    assert 0.3 <= heights.min() < 0.6 and 2.5 < heights.max() <= 3
    for camera in cameras:
        xy = camera.project(points.mean(axis=0))
        assert (camera.to_camera(points)[:, 2] > 0.1).all()
        assert (xy > 0).all() and (xy < camera.size).all()


def test_occluders_stand_between_the_camera_and_the_person():
    points, found = _points('stand'), 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        camera = make_cameras(rng, points, (128, 96), 1)[0]
        for surface in occluders(rng, points, camera):
            depth = camera.to_camera(surface.vertices)[:, 2]
            assert surface.owner == UNOWNED and np.median(depth) < camera.to_camera(points)[:, 2].max() + 0.5
            inside = np.linalg.norm((points[:, None] - surface.vertices)[..., ::2], axis=-1).min() > 0.02
            found += bool(inside)
    assert found > 10
