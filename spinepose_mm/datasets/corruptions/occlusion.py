"""People that objects or other people hide in part.

A severity is the part of a person's box that is covered, a tenth to a half, as in Sarandi et al. (How robust is 3D
human pose estimation to occlusion?, 2018), who hide parts of boxes behind shapes and objects that they paste.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from xtcocotools import mask as coco_mask

from spinepose_mm import skeleton

from .scale import choose
from .texture import value_noise

_COVERED = (0.1, 0.2, 0.3, 0.4, 0.5)  # part of the box
_MOST_OBJECTS = 3
_CELLS = 64  # of the grid for outlines, along a box's longer side
_LOBES = (2, 3, 4, 5)  # of an object's outline
_LIMB, _HEAD = 0.07, 0.08  # width of limbs and radius of the head, as parts of the box's longer side
_TRUNK = ('left_shoulder', 'right_shoulder', 'right_hip', 'left_hip')
_LEAST_BONES = 5  # labelled, to cut a person out by them
_LARGER = 1.25
_SIZES = (0.9, 1.2)  # of a person who is pasted, to the other
_STEPS = np.linspace(1.5, 0, 46)


class Cutout(NamedTuple):
    """A person cut out of an image: pixels (h, w, 3), uint8, and how much of each is the person's, (h, w), 0 to 1."""

    pixels: np.ndarray
    mask: np.ndarray


def hide_by_object(image: np.ndarray, box: np.ndarray, severity: int, rng: np.random.Generator) -> np.ndarray:
    """Return an image with one to three textured objects before a person.

    Outlines are random and grow from centres in the box, until just the part of the box is covered that the severity
    says.

    Args:
        image: (H, W, 3), uint8.
        box: of the person, (x1, y1, x2, y2) in pixels.
    """
    part, (rows, columns) = choose(_COVERED, severity), _inside(image, box)
    size = float((box[2:] - box[:2]).max())
    step = max(1.0, size / _CELLS)  # outlines are smooth: a coarse grid of distances says enough
    coarse = [int(length / step) + 2 for length in image.shape[:2]]
    objects = rng.integers(1, _MOST_OBJECTS + 1)
    distances = [_distance(coarse, rng.uniform(box[:2], box[2:]) / step, rng) for _ in range(objects)]
    distance = cv2.resize(np.minimum.reduce(distances), None, fx=step, fy=step)[: image.shape[0], : image.shape[1]]
    within = distance[rows, columns]
    if not within.size:
        return image
    texture = value_noise(image.shape[:2], size * rng.uniform(0.1, 1), rng.uniform(1, 2.5), rng)[..., None]
    colors = rng.uniform(0, 255, (2, 3))
    object_ = colors[0] + (colors[1] - colors[0]) * texture
    mask = (distance <= np.quantile(within, part)).astype(np.float32)
    return _blend(image, object_, cv2.GaussianBlur(mask, (3, 3), 0))


def hide_by_person(
    image: np.ndarray, box: np.ndarray, severity: int, rng: np.random.Generator, person: Cutout
) -> np.ndarray:
    """Return an image with another person before this one.

    The other one is about as large, comes from a random side, and goes on until the part of the box is covered that the
    severity says; one who is too thin for that gets larger.

    Args:
        image: (H, W, 3), uint8.
        box: of the person, (x1, y1, x2, y2) in pixels.
        person: the other one.
    """
    part, angle = choose(_COVERED, severity), rng.uniform(0, 2 * np.pi)
    size = float((box[2:] - box[:2]).max())
    if rng.integers(2):
        person = Cutout(person.pixels[:, ::-1], person.mask[:, ::-1])
    factor = size * rng.uniform(*_SIZES) / max(person.mask.shape)
    ways = (box[:2] + box[2:]) / 2 + size * _STEPS[:, None] * [np.cos(angle), np.sin(angle)]
    while True:
        enlarged = _resize(person, factor)
        corners = np.round(ways - np.array(enlarged.mask.shape[::-1]) / 2).astype(int)
        covered = _covered(enlarged.mask, corners, box)
        if covered.max() >= part or max(enlarged.mask.shape) > 4 * size:
            break
        factor *= _LARGER
    enough = np.flatnonzero(covered >= part)
    return _paste(image, enlarged, corners[enough[0] if enough.size else covered.argmax()])


def cut_out(
    image: np.ndarray,
    box: np.ndarray,
    keypoints: np.ndarray,
    visible: np.ndarray,
    segmentation: Sequence[Any] | dict[str, Any] | None = None,
) -> Cutout:
    """Cut a person out of an image, by the segmentation, or by the keypoints, or else as an ellipse in the box.

    Args:
        image: (H, W, 3), uint8.
        box: of the person, (x1, y1, x2, y2) in pixels.
        keypoints, visible: (K, 2) in pixels, of the skeleton's first K keypoints, and which are labelled, (K,).
        segmentation: COCO's, polygons or run lengths, or None.
    """
    height, width = image.shape[:2]
    size = float((box[2:] - box[:2]).max())
    mask = np.zeros((height, width), np.uint8)
    if segmentation:
        parts = coco_mask.frPyObjects(segmentation, height, width)
        mask[:] = coco_mask.decode(coco_mask.merge(parts) if isinstance(parts, list) else parts)
    elif not _draw_person(mask, keypoints, visible, size):
        center, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2
        cv2.ellipse(mask, center.round().astype(int).tolist(), half.astype(int).tolist(), 0, 0, 360, 1, -1)
    x, y, w, h = cv2.boundingRect(mask)
    place = slice(y, y + h), slice(x, x + w)
    return Cutout(image[place], cv2.GaussianBlur(mask[place].astype(np.float32), (3, 3), 0))


def _draw_person(mask: np.ndarray, keypoints: np.ndarray, visible: np.ndarray, size: float) -> bool:
    """Draw limbs, trunk and head, and return whether enough of them is labelled."""
    there = {name: point.round().astype(int) for name, point, seen in zip(skeleton.NAMES, keypoints, visible) if seen}
    bones = [bone for bone in skeleton.BONES if all(name in there for name in bone)]
    if len(bones) < _LEAST_BONES:
        return False
    for bone in bones:
        start, end = (there[name].tolist() for name in bone)
        cv2.line(mask, start, end, 1, max(1, round(_LIMB * size)))
    if all(name in there for name in _TRUNK):
        cv2.fillConvexPoly(mask, cv2.convexHull(np.array([there[name] for name in _TRUNK])), 1)
    face = [there[name] for name in ('left_ear', 'right_ear', 'nose') if name in there]
    if face:
        cv2.circle(mask, np.mean(face, 0).round().astype(int).tolist(), max(1, round(_HEAD * size)), 1, -1)
    return True


def _distance(shape: Sequence[int], center: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return how many times its size an object of a random outline would have to grow to reach each pixel, (h, w)."""
    turn, narrow = rng.uniform(0, 2 * np.pi), rng.uniform(1, 2.5)
    y, x = np.ogrid[: shape[0], : shape[1]]
    x, y = x - np.float32(center[0]), y - np.float32(center[1])
    u, v = x * np.cos(turn) + y * np.sin(turn), narrow * (y * np.cos(turn) - x * np.sin(turn))
    angle, radius = np.arctan2(v, u), np.float32(1)
    for lobes, phase, amount in zip(_LOBES, rng.uniform(0, 2 * np.pi, 4), rng.uniform(0, 0.2, 4)):
        radius = radius + amount * np.cos(lobes * angle + phase)
    return (np.hypot(u, v) / radius).astype(np.float32)


def _inside(image: np.ndarray, box: np.ndarray) -> tuple[slice, slice]:
    """Return the rows and columns of a box that are in the image."""
    x1, y1, x2, y2 = np.clip(np.round(box), 0, [*image.shape[1::-1], *image.shape[1::-1]]).astype(int).tolist()
    return slice(y1, y2), slice(x1, x2)


def _resize(person: Cutout, factor: float) -> Cutout:
    size = [max(1, round(length * factor)) for length in person.mask.shape[::-1]]
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return Cutout(*(cv2.resize(np.ascontiguousarray(part), size, interpolation=way) for part in person))


def _covered(mask: np.ndarray, corners: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Return the part of a box that a mask covers with its upper left corner at each of `corners` (N, 2), (N,)."""
    sums, limits = cv2.integral(mask), np.array(mask.shape[::-1])
    x1, y1 = np.clip(np.round(box[:2]).astype(int) - corners, 0, limits).T
    x2, y2 = np.clip(np.round(box[2:]).astype(int) - corners, 0, limits).T
    area = max(float(np.prod(box[2:] - box[:2])), 1.0)
    return (sums[y2, x2] - sums[y1, x2] - sums[y2, x1] + sums[y1, x1]) / area


def _paste(image: np.ndarray, person: Cutout, corner: np.ndarray) -> np.ndarray:
    (x, y), (h, w) = corner, person.mask.shape
    rows, columns = _inside(image, np.array([x, y, x + w, y + h]))
    own = slice(rows.start - y, rows.stop - y), slice(columns.start - x, columns.stop - x)
    image = image.copy()
    image[rows, columns] = _blend(image[rows, columns], person.pixels[own], person.mask[own])
    return image


def _blend(image: np.ndarray, other: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """Return `amount` (h, w) of the other image and the rest of this one."""
    mixed = image + (other - image.astype(np.float32)) * amount[..., None]
    return (mixed + 0.5).astype(np.uint8)
