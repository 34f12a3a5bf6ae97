import numpy as np
import pytest

from spinepose_mm import skeleton
from spinepose_mm.lifting.placement import standing_height
from spinepose_mm.lifting.space import Space
from spinepose_mm.lifting.world import world_axes
from spinepose_mm.synthetic.poses import stage

HIP = skeleton.index('S1')


def scene(motion='walk', people=1, seed=0, frames=60):
    """Return keypoints in camera space (T, P, 37, 3), pixels, heights, camera, and R, t to the ground-truth world.

    The heights are those that the skeletons add up to, so that what is tested here errs in nothing but the place.
    """
    points, _, camera = stage(np.random.default_rng([seed, people]), motion, people, frames)
    lifted = camera.to_camera(points)
    up, height, hip = camera.R[:, 1], -(camera.R.T @ camera.t)[1], lifted[0, 0, HIP]
    heights = np.median(standing_height(points), axis=0)
    return lifted, camera.project(points), heights, camera, world_axes(up, hip - up * (hip @ up + height))


def run(space, poses, pixels, confidence=None):
    confidence = np.ones(pixels.shape[:3]) if confidence is None else confidence
    return [space.update(range(pixels.shape[1]), *frame) for frame in zip(poses, pixels, confidence)]


@pytest.mark.parametrize('people, seed', [(1, 0), (1, 1), (1, 2), (1, 3), (2, 1)])
def test_world_positions_within_a_centimetre_and_up_within_a_degree(people, seed):
    """From the ground-truth relative 3D, of unknown scale, ground-truth heights and a known camera."""
    lifted, pixels, heights, camera, (R, t) = scene('walk', people, seed)
    space = Space(camera, 'world', dict(enumerate(heights)))
    run(space, (lifted - lifted[..., [HIP], :]) * 7, pixels)
    people = run(space, (lifted - lifted[..., [HIP], :]) * 7, pixels)
    assert all(frame.settled and frame.coordinates == 'world' for frame in people)
    found = np.stack([frame.keypoints for frame in people])
    assert np.degrees(np.arccos(space.world.R[1] @ camera.R[:, 1])) < 1
    assert np.linalg.norm(found - (lifted @ R.T + t), axis=-1).mean() < 0.01
    assert max(frame.reprojection_error.max() for frame in people) < 1e-3


def test_camera_coordinates_are_metres_before_the_camera():
    lifted, pixels, heights, camera, _ = scene('stand', 2)
    people = run(Space(camera, height=dict(enumerate(heights)), warm_up=5), lifted * 0.3, pixels)
    found = np.stack([frame.keypoints for frame in people])
    assert np.linalg.norm(found - lifted, axis=-1).max() < 0.005 * np.linalg.norm(lifted, axis=-1).max()
    assert [frame.settled for frame in people[:6]] == [False] * 4 + [True] * 2
    assert people[0].coordinates == 'camera'
    np.testing.assert_allclose(people[-1].scale, 1 / 0.3, rtol=0.005)


def test_scale_is_fixed_after_the_warm_up():
    lifted, pixels, _, camera, _ = scene('walk')
    people = run(Space(camera, height=1.8, warm_up=10), lifted * np.linspace(1, 2, 60)[:, None, None, None], pixels)
    scales = np.array([frame.scale[0] for frame in people])
    assert (np.diff(scales[:10]) != 0).all() and (scales[9:] == scales[9]).all()


def test_each_person_has_a_height():
    lifted, pixels, _, camera, _ = scene('stand', 2)
    (one,) = run(Space(camera, height=1.5, warm_up=1), lifted[:1], pixels[:1])
    (two,) = run(Space(camera, height={0: 1.5, 1: 1.8}, warm_up=1), lifted[:1], pixels[:1])
    np.testing.assert_allclose(two.scale, one.scale * [1, 1.8 / 1.5])
    (default,) = run(Space(camera, height={1: 1.8}, warm_up=1), lifted[:1], pixels[:1])
    np.testing.assert_allclose(default.scale, two.scale * [1.7 / 1.5, 1])


def test_a_person_with_too_few_visible_keypoints():
    lifted, pixels, _, camera, _ = scene('walk', 2)
    confidence = np.ones(pixels.shape[:3])
    confidence[:, 1, 2:] = 0.4  # below what counts as visible
    people = run(Space(camera, 'world', warm_up=5), lifted, pixels, confidence)
    assert np.isfinite(people[-1].keypoints[0]).all() and np.isnan(people[-1].keypoints[1]).all()
    assert np.isnan(people[-1].reprojection_error[1])
    alone = Space(camera, 'world').update([1], lifted[0, 1:], pixels[0, 1:], confidence[0, 1:])
    assert np.isnan(alone.keypoints).all() and not alone.settled
    empty = Space(camera, 'world').update([], lifted[0, :0], pixels[0, :0], confidence[0, :0])
    assert empty.keypoints.shape == (0, 37, 3)


def test_a_number_that_is_missing_does_no_lasting_harm():
    lifted, pixels, heights, camera, _ = scene('walk')
    poses = lifted.copy()
    poses[2, 0, HIP], poses[3, 0, 5] = np.nan, np.inf
    people = run(Space(camera, height=heights[0], warm_up=5), poses, pixels)
    assert [bool(np.isfinite(frame.keypoints).all()) for frame in people[:6]] == [True, True, False, False, True, True]
    np.testing.assert_allclose(people[-1].keypoints, lifted[-1], atol=0.05)
    world = run(Space(camera, 'world', height=heights[0], warm_up=5), poses, pixels)
    assert np.isfinite(world[-1].keypoints).all() and world[-1].settled


def test_a_person_at_200_metres_is_dropped():
    lifted, pixels, _, camera, _ = scene('walk')
    middle = pixels[0].mean(1, keepdims=True)
    people = Space(camera).update([0], lifted[0], middle + (pixels[0] - middle) / 100, np.ones((1, 37)))
    assert np.isnan(people.keypoints).all()


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(coordinates='room'), "out of camera, world, not 'room'"),
        (dict(height=175), 'in metres, from .3 to 2.8.*, not 175'),
        (dict(height={0: 0}), 'not {0: 0}'),
        (dict(height={'0': 1.7}), "not {'0': 1.7}"),
        (dict(height=None), 'not None'),
        (dict(warm_up=0), 'warm_up is 1 frame or more'),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        Space(scene(frames=2)[3], **options)
