"""Checks of labels without images: swapped sides, wrong keypoint order and duplicates, for all people at once.

In the shapes, N is the number of people and K that of keypoints; points are in image pixels.
"""

import numpy as np

from spinepose_mm import deprecated, skeleton

_PAIRS = [(i, twin) for i, twin in enumerate(skeleton.FLIP_INDICES) if skeleton.NAMES[i].startswith('left_')]


@deprecated.arguments(labelled='valid')
def outside(points: np.ndarray, valid: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return which labelled points are not in a rectangle.

    Args:
        points: (N, K, 2).
        valid: which keypoints are labelled, bool, (N, K).
        low: the rectangle's left upper corner, (N, 2).
        high: its right lower corner, (N, 2).

    Returns:
        ndarray: bool, (N, K).
    """
    return valid & ((points < low[:, None]) | (points > high[:, None])).any(-1)


@deprecated.arguments(labelled='valid')
def swapped_sides(
    points: np.ndarray, valid: np.ndarray, ratio: float = 2.0
) -> list[tuple[tuple[str, str], np.ndarray]]:
    """Return which limbs have swapped sides: their bones would be shorter if left and right were swapped.

    Args:
        points: (N, K, 2).
        valid: which keypoints are labelled, bool, (N, K).
        ratio: how many times shorter.

    Returns:
        list: (names of the pair's two keypoints, which people: bool, (N,)) for each pair whose parents are a pair.
    """
    swapped, count = [], points.shape[1]
    for left, right in _PAIRS:
        left_parent, right_parent = skeleton.PARENTS[left], skeleton.PARENTS[right]
        ends = (left, right, left_parent, right_parent)
        if max(ends) >= count or left_parent == right_parent:
            continue
        both = valid[:, ends].all(1)
        own = distance(points, left, left_parent) + distance(points, right, right_parent)
        crossed = distance(points, left, right_parent) + distance(points, right, left_parent)
        swapped.append(((skeleton.NAMES[left], skeleton.NAMES[right]), both & (own > ratio * crossed)))
    return swapped


def mirrored_faces(points: np.ndarray, visible: np.ndarray, least: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Return which faces are mirrored: both eyes are visible, and the left one is where the right one should be.

    Args:
        points: (N, K, 2), y downwards.
        visible: which keypoints are visible, bool, (N, K).
        least: sine of the angle between the eyes' line and the nose's under which the side is ambiguous.

    Returns:
        tuple: (which faces are mirrored; which faces can be judged), bool, (N,) each.
    """
    nose, left, right = map(skeleton.index, ('nose', 'left_eye', 'right_eye'))
    eyes = points[:, left] - points[:, right]
    down = points[:, nose] - (points[:, left] + points[:, right]) / 2
    cross = eyes[:, 0] * down[:, 1] - eyes[:, 1] * down[:, 0]
    lengths = np.linalg.norm(eyes, axis=-1) * np.linalg.norm(down, axis=-1)
    valid = visible[:, [nose, left, right]].all(1) & (np.abs(cross) > least * lengths)
    return valid & (cross < 0), valid


def bone_lengths() -> tuple[np.ndarray, np.ndarray]:
    """Return (numbers of the two ends of each bone, (B, 2); their lengths in a standing adult in metres, (B,))."""
    ends = np.array([[skeleton.index(name) for name in bone] for bone in skeleton.BONES])
    return ends, np.array(skeleton.BONE_LENGTHS)


@deprecated.arguments(labelled='valid')
def stretched(points: np.ndarray, valid: np.ndarray) -> tuple[list[tuple[str, str]], np.ndarray]:
    """Return how many times longer each bone is than expected from the person's other bones.

    The images' perspective shortens bones but lengthens them little, so that a person's scale is that of the longer
    ones: the third quartile of length in the image over length in the body.

    Args:
        points: (N, K, 2).
        valid: which keypoints are labelled, bool, (N, K).

    Returns:
        tuple: (names of the two ends of each bone that has both among the K, a list of B; how many times longer each
        is, (N, B), NaN where an end is not labelled).
    """
    ends, lengths = bone_lengths()
    within = (ends < points.shape[1]).all(1)
    ends, lengths = ends[within], lengths[within]
    relative = np.linalg.norm(points[:, ends[:, 0]] - points[:, ends[:, 1]], axis=-1) / lengths
    relative[~valid[:, ends].all(2)] = np.nan
    count = (~np.isnan(relative)).sum(1)
    third = np.clip((0.75 * count).astype(int), 0, max(len(ends) - 1, 0))
    scale = np.sort(relative, axis=1)[np.arange(len(relative)), third][:, None]  # NaN is sorted to the end
    with np.errstate(divide='ignore', invalid='ignore'):
        return [bone for bone, here in zip(skeleton.BONES, within) if here], relative / scale


@deprecated.arguments(labelled='valid')
def doubles(
    image_ids: np.ndarray, points: np.ndarray, valid: np.ndarray, scale: np.ndarray, tolerance: float = 0.02
) -> np.ndarray:
    """Return which people are labelled twice in one image.

    Args:
        image_ids: (N,).
        points: (N, K, 2).
        valid: which keypoints are labelled, bool, (N, K).
        scale: size of each person in pixels, (N,).
        tolerance: mean distance between the same keypoints of two people, in sizes, under which they are the same,
            where they share more than half of their keypoints.

    Returns:
        ndarray: bool, (N,); the first of each such group is not among them.
    """
    double = np.zeros(len(points), bool)
    order = np.argsort(image_ids, kind='stable')
    for group in np.split(order, np.flatnonzero(np.diff(np.asarray(image_ids)[order])) + 1):
        for place, one in enumerate(group[1:], 1):
            before = group[:place]
            both = valid[before] & valid[one]
            away = np.linalg.norm(points[before] - points[one], axis=-1)
            mean = (away * both).sum(1) / np.maximum(both.sum(1), 1)
            most = np.maximum(valid[before].sum(1), valid[one].sum())
            same = both.sum(1) * 2 > most
            double[one] = (same & (mean <= tolerance * scale[one])).any()
    return double


def distance(points: np.ndarray, a: int, b: int) -> np.ndarray:
    """Return the distance between two keypoints of each person, (N,)."""
    return np.linalg.norm(points[:, a] - points[:, b], axis=-1)
