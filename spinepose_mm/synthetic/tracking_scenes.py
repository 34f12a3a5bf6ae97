"""Videos of people who cross in front of each other, leave the image and return, as numbers alone.

In the shapes, T is the number of frames, P that of people and K = 37 that of keypoints.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.signal import lfilter
from scipy.stats import norm

from spinepose_mm import deprecated, skeleton
from spinepose_mm.confidence import MIN_CONFIDENCE
from spinepose_mm.structures.camera import Camera
from spinepose_mm.structures.frame import People

from .body import Body, forward, keypoints
from .motion import sequence

#: Standard deviations of the keypoints' errors per axis, in parts of the box's diagonal: of what differs from frame to
#: frame, and of what drifts in _DRIFT seconds. About half of what was measured of spinepose-tiny, on rendered videos of
#: 30 frames a second: .021 in all, .010 from frame to frame, correlated by .6 over one frame and by .3 over five.
_WHITE, _SLOW, _DRIFT = 0.005, 0.010, 0.25
_SPREAD = np.array(skeleton.SIGMAS)[:, None] / np.mean(skeleton.SIGMAS)  # of each keypoint, relative to the mean
_OCCLUDED = 4.0  # times as far off is a keypoint that is occluded
_BLUNDERS, _BLUNDER = 0.01, 6.0  # how many keypoints are wrong at any time, and how many times as far off they are
_COPIED = 0.3  # part of the occluded keypoints that are taken for those of the person in front
_BOX, _MARGIN = 0.01, 0.04  # drift of a box's sides, and how far it is around the keypoints, in parts of the diagonal
_FALSE_POSITIVES = 0.2  # boxes a second where there is no person
#: How likely a person is lost, by the least part of the keypoints that is visible.
_LOST = ((0.75, 0.01), (0.4, 0.1), (0.15, 0.5), (0, 0.9))
_MIN_INSIDE = 6  # keypoints of a person who is in the image
_APART, _TRIES = 0.5, 100  # metres between people, and how many paths are tried for that
#: Half the thickness of trunk, head and limbs, in parts of the body height: what is behind them is occluded.
_TRUNK, _HEAD, _LIMB = 0.08, 0.06, 0.035


@dataclass
class Crossing:
    """A video of crossing people.

    Attributes:
        frame_rate: frames a second.
        size: (width, height) of the images in pixels.
        ground_truth: People of each frame, those who are in the image; `ids` are the persons, scores 1 for visible
            keypoints and 0 for those that are occluded or outside.
        predictions: People of each frame, as a detector and a pose estimator may predict them, without ids.
        owners: the person of each of these, -1 for a false positive, (number predicted,) of each frame.
    """

    frame_rate: float
    size: tuple[int, int]
    ground_truth: list[People]
    predictions: list[People]
    owners: list[np.ndarray]
    true = deprecated.attribute('true', 'ground_truth')
    found = deprecated.attribute('found', 'predictions')

    def courses(self, points: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the courses of keypoints that are visible by the ground truth and by their scores, NaN elsewhere.

        Args:
            points: of the people predicted in each frame, (number predicted, K, 2).

        Returns:
            tuple: these, (T, P, K, 2), those of the ground truth, (T, P, K, 2), and diagonals of the people's
            ground-truth boxes, (T, P).
        """
        count = 1 + max(people.ids.max(initial=0) for people in self.ground_truth if people.ids is not None)
        courses = np.full((2, len(points), count, skeleton.NUM_KEYPOINTS, 2), np.nan)
        sizes = np.full((len(points), count), np.nan)
        for t, (people, predicted, owners) in enumerate(zip(self.ground_truth, self.predictions, self.owners)):
            assert people.ids is not None  # `crossing` gives all of them one
            courses[1, t, people.ids] = people.keypoints
            sizes[t, people.ids] = people.sizes
            matched = owners >= 0
            owners = owners[matched]
            visible = predicted.confidence[matched] >= MIN_CONFIDENCE
            visible &= people.scores[np.searchsorted(people.ids, owners)] > 0
            courses[0, t, owners] = np.where(visible[..., None], points[t][matched], np.nan)
        return *courses, sizes


def crossing(
    seed: int, people: int = 4, seconds: float = 10.0, frame_rate: float = 30.0, size: tuple[int, int] = (1280, 720)
) -> Crossing:
    """Make a video of people who walk and run on ellipses before a still camera; every fourth stays on the spot.

    The errors of the predictions are partly white and partly drift. Occluded keypoints have low scores and are far off,
    or are those of the person in front. A person who is mostly occluded is predicted in part, or lost; the box of the
    person in front may then grow around both. There are drop-outs, and boxes where there is no person.

    Args:
        seed: the same gives the same video.
        people: how many.
        seconds: length.
        frame_rate: frames a second.
        size: (width, height) of the images in pixels.

    Returns:
        Crossing: the video.
    """
    rng = np.random.default_rng([seed, people])
    frames = max(2, round(seconds * frame_rate))
    position = [rng.uniform(-0.5, 0.5), rng.uniform(1.0, 2.4), rng.uniform(6.5, 8.5)]
    camera = Camera.looking(position, [0, 0.9, 0], rng.uniform(38, 48), size, roll=rng.normal(0, 2))
    paths: list[tuple[np.ndarray, str]] = []
    for i in range(people):
        paths.append(_path(rng, paths, i % 4 == 3, frames, frame_rate))
    world, heights = zip(*(_walk(rng, *path, frame_rate) for path in paths))
    world = np.stack(world, axis=1)
    pixels, depth = camera.project(world), np.median(camera.to_camera(world)[..., 2], axis=2)
    occluder = _occluders(pixels, depth, np.array(heights) * camera.K[0, 0] / depth)
    inside = np.all((pixels >= 0) & (pixels < size), axis=-1)
    there = inside.sum(-1) >= _MIN_INSIDE
    visible = inside & (occluder < 0)
    ground_truth = [
        _people(pixels[t], visible[t].astype(float), _bounds(pixels[t], inside[t]), np.ones(people), there[t])
        for t in range(frames)
    ]
    for t, one in enumerate(ground_truth):
        one.ids = np.flatnonzero(there[t])
    predicted, owners = _predict(rng, pixels, inside, visible, occluder, there, frame_rate, size)
    return Crossing(frame_rate, size, ground_truth, predicted, owners)


def _path(
    rng: np.random.Generator, others: Sequence[tuple[np.ndarray, str]], stays: bool, frames: int, frame_rate: float
) -> tuple[np.ndarray, str]:
    """Return the path of a person, metres, (T, 2), and the motion, out of MOTIONS, away from the other paths."""
    best = -1.0
    for _ in range(_TRIES):
        motion = str(rng.choice(['stretch', 'twist', 'squat', 'stand'] if stays else ['walk', 'walk', 'walk', 'run']))
        middle, axes = rng.uniform(-0.6, 0.6, 2), np.zeros(2) if stays else rng.uniform((1.5, 0.6), (7.5, 2))
        speed = rng.choice([-1, 1]) * rng.uniform(0.8, 1.6) * (2 if motion == 'run' else 1)  # metres a second, the mean
        turn = speed / max(np.sqrt((axes**2).mean()), 1)  # radians a second
        phase = rng.uniform(0, 2 * np.pi) + turn * np.arange(frames) / frame_rate
        path = middle + axes * np.column_stack([np.cos(phase), np.sin(phase)])
        distance = min((np.linalg.norm(path - other, axis=1).min() for other, _ in others), default=np.inf)
        if distance > best:
            best, chosen = distance, (path, motion)
        if best >= _APART:
            break
    return chosen


def _walk(rng: np.random.Generator, path: np.ndarray, motion: str, frame_rate: float) -> tuple[np.ndarray, float]:
    """Return a person's keypoints in world space, metres, (T, K, 3), and height, metres."""
    body = Body.sample(rng)
    pose = {
        axis: values[: len(path)]
        for axis, values in sequence(motion, body, rng, len(path) / frame_rate, frame_rate).items()
    }
    x, z = np.gradient(path, axis=0).T
    if np.any(x):  # they look where they go
        pose['pelvis_rotation'] = (
            pose['pelvis_rotation'] - pose['pelvis_rotation'].mean() + np.degrees(np.arctan2(-z, x))
        )
    points = keypoints(body, forward(body, pose))
    points[..., [0, 2]] += path[:, None]
    return points, body.height


def _occluders(pixels: np.ndarray, depth: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Return which person nearer to the camera occludes each keypoint, -1 for none, (T, P, K).

    Args:
        pixels: (T, P, K, 2).
        depth: of the people, metres, (T, P).
        heights: of the people, pixels, (T, P).
    """
    bones = np.array([[skeleton.index(end) for end in bone] for bone in skeleton.BONES])
    spine, head = skeleton.SUBSETS['spine'], skeleton.index('head')
    radius = np.select([(bones == head).any(1), np.isin(bones, spine).any(1)], [_HEAD, _TRUNK], _LIMB)
    occluder, nearest = np.full(pixels.shape[:3], -1), np.full(pixels.shape[:3], np.inf)
    for i, j in np.argwhere(~np.eye(pixels.shape[1], dtype=bool)):
        start, end = (pixels[:, j, side][:, None] for side in bones.T)
        along, offset = end - start, pixels[:, i, :, None] - start  # (T, 1, bones, 2), (T, K, bones, 2)
        part = (offset * along).sum(-1) / np.maximum((along**2).sum(-1), 1e-9)
        off = np.linalg.norm(offset - along * part.clip(0, 1)[..., None], axis=-1)
        behind = (off < radius * heights[:, j, None, None]).any(-1)
        occludes = behind & (depth[:, j] < depth[:, i])[:, None] & (depth[:, j, None] < nearest[:, i])
        occluder[:, i][occludes] = j
        nearest[:, i] = np.where(occludes, depth[:, j, None], nearest[:, i])
    return occluder


def _predict(
    rng: np.random.Generator,
    pixels: np.ndarray,
    inside: np.ndarray,
    visible: np.ndarray,
    occluder: np.ndarray,
    there: np.ndarray,
    frame_rate: float,
    size: tuple[int, int],
) -> tuple[list[People], list[np.ndarray]]:
    """Return the predicted People of each frame, and which person each of them is."""
    bounds = _bounds(pixels, inside)
    diagonal = np.linalg.norm(bounds[..., 2:] - bounds[..., :2], axis=-1)
    points, scores = _estimate(rng, pixels, visible, occluder, diagonal, frame_rate)
    points = points.clip(0, np.array(size) - 1.0)
    share = visible.mean(-1)
    likely = np.select([share >= least for least, _ in _LOST], [chance for _, chance in _LOST])
    lost = _drift(rng, there.shape, frame_rate, 0.2) > norm.isf(likely)
    boxes = _detect(rng, bounds, _bounds(pixels, visible), occluder, lost & there, frame_rate).clip(0, np.tile(size, 2))
    box_scores = (0.35 + 0.6 * share + rng.normal(0, 0.05, share.shape)).clip(0.3, 1)
    predicted, owners = [], []
    for t in range(len(there)):
        order = rng.permutation(np.flatnonzero(there[t] & ~lost[t]))
        one = _people(points[t], scores[t], boxes[t], box_scores[t], order)
        if len(order) and rng.random() < _FALSE_POSITIVES / frame_rate:
            one, order = _with_false_positive(rng, one, size), np.append(order, -1)
        predicted.append(one)
        owners.append(order.astype(int))
    return predicted, owners


def _estimate(
    rng: np.random.Generator,
    pixels: np.ndarray,
    visible: np.ndarray,
    occluder: np.ndarray,
    diagonal: np.ndarray,
    frame_rate: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return keypoints with errors, (T, P, K, 2), and their scores, (T, P, K)."""
    error = _SLOW * _drift(rng, pixels.shape, frame_rate) + _WHITE * rng.normal(size=pixels.shape)
    wrong = _drift(rng, visible.shape, frame_rate, 0.1) > norm.isf(_BLUNDERS)
    error *= np.where(visible, 1, _OCCLUDED)[..., None] * np.where(wrong, _BLUNDER, 1)[..., None]
    copied = (occluder >= 0) & (_drift(rng, visible.shape, frame_rate) > norm.isf(_COPIED))
    source = np.where(copied, occluder, np.arange(visible.shape[1])[:, None])
    points = np.take_along_axis(pixels, source[..., None], axis=1) + error * _SPREAD * diagonal[..., None, None]
    return points, rng.normal(np.select([copied, visible], [0.5, 0.85], 0.25), 0.1).clip(0.02, 1)


def _detect(
    rng: np.random.Generator,
    whole: np.ndarray,
    visible: np.ndarray,
    occluder: np.ndarray,
    lost: np.ndarray,
    frame_rate: float,
) -> np.ndarray:
    """Return boxes (T, P, 4) that go from around what is visible to around the whole, and over people who are lost."""
    whole_share = norm.cdf(_drift(rng, lost.shape, frame_rate))[..., None]
    nothing = (visible[..., 2:] <= visible[..., :2]).any(-1, keepdims=True)
    boxes = whole_share * whole + (1 - whole_share) * np.where(nothing, whole, visible)
    diagonal = np.linalg.norm(whole[..., 2:] - whole[..., :2], axis=-1, keepdims=True)
    boxes += _BOX * diagonal * _drift(rng, boxes.shape, frame_rate)
    occluded = (occluder >= 0).mean(-1) > 0.5
    for t, i in np.argwhere(lost & occluded & (_drift(rng, lost.shape, frame_rate, 0.2) > 0)):
        j = np.bincount(occluder[t, i][occluder[t, i] >= 0]).argmax()
        boxes[t, j] = [*np.minimum(boxes[t, i, :2], boxes[t, j, :2]), *np.maximum(boxes[t, i, 2:], boxes[t, j, 2:])]
    return boxes


def _with_false_positive(rng: np.random.Generator, people: People, size: tuple[int, int]) -> People:
    """Return People and one more, elsewhere: a false positive."""
    move = rng.uniform(-0.3, 0.3, 2) * size
    return _people(
        *(
            np.concatenate([values, more])
            for values, more in (
                (people.keypoints, people.keypoints[:1] + move),
                (people.scores, 0.4 * people.scores[:1]),
                (people.boxes, people.boxes[:1] + np.tile(move, 2)),
                (people.box_scores, [0.35]),
            )
        )
    )


def _people(
    points: np.ndarray, scores: np.ndarray, boxes: np.ndarray, box_scores: np.ndarray, chosen: Any = slice(None)
) -> People:
    return People(points[chosen], scores[chosen], boxes[chosen], box_scores[chosen])


def _bounds(points: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Return boxes (..., 4) around those points (..., K, 2) that are counted, (..., K), with a margin."""
    low = np.where(counted[..., None], points, np.inf).min(-2)
    high = np.where(counted[..., None], points, -np.inf).max(-2)
    low, high = (np.where(np.isfinite(value), value, 0) for value in (low, high))
    margin = _MARGIN * np.linalg.norm(high - low, axis=-1)[..., None]
    return np.concatenate([low - margin, high + margin], axis=-1)


def _drift(rng: np.random.Generator, shape: tuple[int, ...], frame_rate: float, seconds: float = _DRIFT) -> np.ndarray:
    """Return random numbers of unit variance that drift along the first axis: a first-order autoregression."""
    keep = np.exp(-1 / (frame_rate * seconds))
    steps = rng.normal(size=shape) * np.sqrt(1 - keep**2)
    steps[0] /= np.sqrt(1 - keep**2)
    return lfilter([1], [1, -keep], steps, axis=0)
