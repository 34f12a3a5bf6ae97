import math

import numpy as np
import pytest

from spinepose_mm.synthetic.tracking_scenes import crossing
from spinepose_mm.tracking.one_euro import Smoother
from spinepose_mm.tracking.tracker import PoseTracker


def one_euro(times, points, scale=1.0, min_cutoff=1.0, beta=20.0, speed_cutoff=1.0):
    """Return what the filter of Casiez et al. (2012), algorithm 1, makes of one point's course, number by number."""

    def low_pass(value, last, cutoff, step):
        tau = 1 / (2 * math.pi * cutoff)
        alpha = 1 / (1 + tau / step)
        return alpha * value + (1 - alpha) * last

    found = [list(points[0])]
    speeds = [0.0] * len(points[0])
    for n in range(1, len(points)):
        step = times[n] - times[n - 1]
        speeds = [
            low_pass((value - last) / step, speed, speed_cutoff, step)
            for value, last, speed in zip(points[n], found[-1], speeds)
        ]
        cutoff = min_cutoff + beta * math.sqrt(sum(speed * speed for speed in speeds)) / scale
        found.append([low_pass(value, last, cutoff, step) for value, last in zip(points[n], found[-1])])
    return np.array(found)


def smooth(points, times, smoother=None, confidence=None, scale=1.0):
    """Smooth the course (T, K, D) of one person."""
    smoother = smoother or Smoother()
    confidence = np.ones(points.shape[:2]) if confidence is None else confidence
    return np.stack(
        [
            smoother.update([0], points[t : t + 1], confidence[t : t + 1], [scale], times[t])[0]
            for t in range(len(points))
        ]
    )


def still(frames, keypoints=5, dimensions=2):
    """Return a person who does not move, (T, K, D)."""
    return np.tile(np.random.default_rng(0).uniform(0, 1, (keypoints, dimensions)), (frames, 1, 1))


def frames(count, rate=30):
    return np.arange(count) / rate


@pytest.mark.parametrize('dimensions', [2, 3])
def test_what_is_constant_stays_constant(dimensions):
    points = still(9, dimensions=dimensions)
    np.testing.assert_allclose(smooth(points, frames(9)), points, rtol=1e-12)


def test_a_step_by_hand():
    """At 30 frames a second and cutoffs of 1 Hz, a = 1 / (1 + 30 / (2 pi)) = 0.17317."""
    points = still(3)
    points[1:, 2, 0] += 1.0
    found = smooth(points, frames(3), Smoother(beta=0))[:, 2, 0] - points[0, 2, 0]
    np.testing.assert_allclose(found, [0, 0.17317, 1 - (1 - 0.17317) ** 2], atol=1e-5)
    # With beta, the speed is .17317 * 30 = 5.1951 sizes a second, the cutoff 1 + 2 * 5.1951 = 11.390 Hz.
    found = smooth(points, frames(3), Smoother(beta=2))[:, 2, 0] - points[0, 2, 0]
    np.testing.assert_allclose(found[1], 1 / (1 + 30 / (2 * np.pi * 11.390)), atol=1e-4)


@pytest.mark.parametrize(
    'dimensions, options',
    [(2, {}), (3, {}), (2, dict(min_cutoff=0.3, beta=3.0, speed_cutoff=4.0)), (1, dict(beta=0.0))],
)
def test_filters_are_those_of_the_paper(dimensions, options):
    rng = np.random.default_rng(1)
    times = np.cumsum(rng.uniform(0.005, 0.2, 60))  # irregular
    points = still(60, dimensions=dimensions)
    points[:, 3] += np.cumsum(rng.normal(0, 0.3, (60, dimensions)), axis=0)  # one that moves, and four that do not
    points[20:, 1] += 0.4
    found = smooth(700 * points, times, Smoother(**options), scale=700 * 1.3)
    for k in range(5):
        np.testing.assert_allclose(found[:, k], 700 * one_euro(times, points[:, k], 1.3, **options), rtol=1e-9)


@pytest.mark.parametrize('speed', [0.5, 3.0])
def test_how_late_a_ramp_is(speed):
    """In the end, a low-pass filter is late by 1 / (2 pi cutoff), whatever the frame rate; on the run, too."""
    for rate in (30, 60):
        times = frames(10 * rate, rate)
        points = still(len(times)) + speed * times[:, None, None] * [1.0, 0]
        found = smooth(points, times, Smoother(beta=0, min_cutoff=2))
        np.testing.assert_allclose((points - found)[-1, :, 0], speed / (4 * np.pi), rtol=1e-4)
        np.testing.assert_allclose(found[..., 1], points[..., 1])
        assert (found[2:, :, 0] < points[2:, :, 0]).all()  # the speed is known from the third frame on


def test_the_size_of_the_image_does_not_matter():
    rng = np.random.default_rng(2)
    points = still(40, 37) + np.cumsum(rng.normal(0, 0.01, (40, 37, 2)), axis=0)
    small, large = (smooth(zoom * points, frames(40), scale=zoom) for zoom in (20, 2000))
    np.testing.assert_allclose(100 * small, large)
    assert np.abs(small / 20 - points).max() > 0.01


def test_what_is_not_visible_is_returned_as_it_is():
    points, confidence = still(12), np.ones((12, 5))
    points[4:7, 1], confidence[4:7, 1] = 77, [0.49, 0, 0.1]
    points[8, 2] = np.nan
    found = smooth(points, frames(12), confidence=confidence)
    np.testing.assert_array_equal(found, points)  # invisible keypoints leave no trace in visible ones
    confidence[4:7, 1] = 0.5  # now it is visible
    found = smooth(points, frames(12), confidence=confidence)
    assert abs(found[7, 1, 0] - points[7, 1, 0]) > 0.01


def test_a_gap_counts_as_a_longer_step_and_a_long_one_as_a_new_beginning():
    points, confidence = still(30), np.ones((30, 5))
    points[10:, 1, 0] += 0.5
    for missing, goes_on in ((3, True), (8, False)):
        confidence[:] = 1
        confidence[10 : 10 + missing, 1] = 0
        found = smooth(points, frames(30), confidence=confidence)[10 + missing, 1]
        kept = np.r_[:10, 10 + missing]
        expected = one_euro(frames(30)[kept], points[kept, 1])[-1] if goes_on else points[-1, 1]
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        assert (abs(found[0] - points[-1, 1, 0]) > 0.01) == goes_on


def test_a_person_who_is_not_visible_for_a_moment_goes_on():
    points, confidence = still(20), np.ones((20, 5))
    points[10:, 1, 0] += 0.5
    confidence[10:13] = 0
    kept = np.r_[:10, 13:20]
    found = smooth(points, frames(20), confidence=confidence)[kept, 1]
    np.testing.assert_allclose(found, one_euro(frames(20)[kept], points[kept, 1]), rtol=1e-12)


def test_another_person_gets_new_filters():
    points = still(20, 37)
    points[10:] = np.random.default_rng(5).uniform(0, 1, (37, 2))  # the id has gone to another person
    confidence = np.ones((20, 37))
    confidence[10:12, :10] = 0  # some keypoints are visible only two frames later
    np.testing.assert_array_equal(smooth(points, frames(20), confidence=confidence), points)


def test_one_wrong_keypoint_is_no_other_person():
    points = still(20, 37)
    points[10, 3] += 1
    found = smooth(points, frames(20))
    assert 0 < np.linalg.norm(found[11, 3] - points[11, 3]) and (found[:, 4:] == points[:, 4:]).all()


def test_each_id_has_its_own_filters_whatever_the_order():
    rng = np.random.default_rng(3)
    courses = still(25, 50 * 37).reshape(25, 50, 37, 2) + rng.normal(0, 0.01, (25, 50, 37, 2))
    smoother, alone = Smoother(), smooth(courses[:, 7], frames(25))
    for t, time in enumerate(frames(25)):
        order = rng.permutation(50)
        found = smoother.update(order, courses[t, order], np.ones((50, 37)), np.ones(50), time)
        np.testing.assert_allclose(found[order.argsort()][7], alone[t], rtol=1e-12)


def test_no_people_and_a_person_who_comes_back():
    smoother, points = Smoother(), still(2)
    empty = smoother.update([], np.zeros((0, 5, 2)), np.zeros((0, 5)), np.zeros(0), 0.0)
    assert empty.shape == (0, 5, 2)
    smoother.update([4], points[:1], np.ones((1, 5)), [1.0], 1.0)
    for time in np.arange(1.1, 4, 0.1):
        smoother.update([], np.zeros((0, 5, 2)), np.zeros((0, 5)), np.zeros(0), time)
    moved = points[:1] + 0.01
    np.testing.assert_array_equal(smoother.update([4], moved, np.ones((1, 5)), [1.0], 4.0), moved)


def test_nothing_grows_with_the_video():
    smoother = Smoother()
    for t in range(300):  # a new person in each frame
        smoother.update([t], still(1), np.ones((1, 5)), [1.0], t / 30)
    assert len(smoother._states) <= 9


def test_bad_times_and_options():
    smoother = Smoother()
    smoother.update([0], still(1), np.ones((1, 5)), [1.0], 2.0)
    for time in (2.0, 1.0, np.nan):
        with pytest.raises(ValueError, match=r'times go up, and .* s is not after 2\.0 s'):
            smoother.update([0], still(1), np.ones((1, 5)), [1.0], time)
    for options in (dict(min_cutoff=0), dict(speed_cutoff=-1), dict(gap=0), dict(beta=-1), dict(beta=np.nan)):
        with pytest.raises(ValueError, match='min_cutoff, speed_cutoff and gap are over 0 and beta is 0 or more, not'):
            Smoother(**options)


@pytest.mark.parametrize('people', [2, 4, 6])
def test_no_filter_gets_the_points_of_two_people(people):
    """Each point has a third coordinate, too small to matter, that is its owner's number, and stays so unless mixed."""
    smoothed_frames = 0
    for seed in range(4):
        video = crossing(seed, people, seconds=6)
        ids, smoother = PoseTracker(video.frame_rate), Smoother()
        for t, (frame, owners) in enumerate(zip(video.predictions, video.owners)):
            frame.measures = dict(owner=owners)
            found = ids.update(frame)
            marks = np.broadcast_to(1e-6 * found.measures['owner'][:, None, None], (len(found), 37, 1))
            points = np.concatenate([found.keypoints, marks], axis=2)
            sizes = found.sizes
            smoothed = smoother.update(found.ids, points, found.confidence, sizes, t / video.frame_rate)
            np.testing.assert_allclose(smoothed[..., 2:], marks, atol=1e-9)
            smoothed_frames += np.abs(smoothed - points).max(initial=0) > 0.1
    assert smoothed_frames > 600  # of 720
