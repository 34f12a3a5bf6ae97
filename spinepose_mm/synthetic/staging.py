"""Where people, things and cameras are; `people` puts them together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spinepose_mm import skeleton
from spinepose_mm.structures.camera import Camera

from . import things
from .mesh import Surface, unit
from .rays import place_of

_CLOSE = 0.3  # metres, at least, between the keypoints of two people
_HELD = 0.35  # how often hands that could hold something do


def stand(rng: np.random.Generator, people: Sequence[np.ndarray]) -> np.ndarray:
    """Return by how much to move people, x and z in shape (N, 2), metres, so that they stand near, not in each other.

    Args:
        rng: NumPy random generator.
        people: their keypoints, in shape (37, 3) each; the first stays.
    """
    shifts: np.ndarray = np.zeros((len(people), 2))
    placed: list[np.ndarray] = []
    for i, points in enumerate(people):
        base = points[:, ::2] - points[:, ::2].mean(axis=0)
        radius, spot = rng.uniform(0.4, 1.8), np.array([0.0, 0])
        around = people[0][:, ::2].mean(axis=0) if placed else points[:, ::2].mean(axis=0)
        while placed and min(_gap(base + around + spot, other) for other in placed) < _CLOSE:
            angle = rng.uniform(0, 2 * np.pi)
            spot[:] = radius * np.cos(angle), radius * np.sin(angle)
            radius += 0.08
        placed.append(base + around + spot)
        shifts[i] = around + spot - points[:, ::2].mean(axis=0)
    return shifts


def _gap(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm(a[:, None] - b, axis=-1).min())


def make_cameras(rng: np.random.Generator, points: np.ndarray, size: tuple[int, int], count: int) -> list[Camera]:
    """Return `count` Cameras around a person, from a phone's height on the ground to the ceiling's.

    Heights are 0.3 to 3 m, half of them a standing person's eyes; the person fills from under half of the image's
    height to more than it has.

    Args:
        rng: NumPy random generator.
        points: the person's keypoints, in shape (37, 3), metres.
        size: (width, height) of the images in pixels.
        count: of cameras, evenly around.
    """
    middle, reach = points.mean(axis=0), float(np.ptp(points, axis=0).max())
    first, cameras = rng.uniform(0, 2 * np.pi), []
    for i in range(count):
        azimuth = first + 2 * np.pi * i / count + rng.normal(0, 0.1)
        height = rng.uniform(*((1.2, 1.7), (0.3, 1.2), (1.7, 3.0))[int(rng.choice(3, p=(0.5, 0.25, 0.25)))])
        fov, fill = rng.uniform(22, 65), rng.uniform(0.45, 0.95) if rng.random() < 0.85 else rng.uniform(0.95, 1.7)
        distance = max(0.9, 1.1 * reach * max(1, 0.8 * size[1] / size[0]) / fill / 2 / np.tan(np.radians(fov) / 2))
        flat = np.sqrt(max(distance**2 - (height - middle[1]) ** 2, 0.36))
        position = np.array([middle[0] + flat * np.cos(azimuth), height, middle[2] + flat * np.sin(azimuth)])
        target = middle + rng.normal(0, 0.09, 3) * reach
        cameras.append(Camera.looking(position, target, fov, size, roll=rng.normal(0, 4)))
    return cameras


def touched(rng: np.random.Generator, people: Sequence[np.ndarray], motions: Sequence[str]) -> list[Surface]:
    """Return what people hold and sit on.

    Args:
        rng: NumPy random generator.
        people: their keypoints, in shape (37, 3) each, metres.
        motions: names of what they do.
    """
    found = []
    for points, motion in zip(people, motions):
        if motion == 'sit':
            found.append(_seat(rng, points))
        share = 0.7 if motion in ('deadlift', 'squat') else _HELD
        if motion not in ('handstand', 'lie') and rng.random() < share:
            found += _held(rng, points, motion)
    return found


def _at(points: np.ndarray, name: str) -> np.ndarray:
    return points[skeleton.index(name)]


def _hand(points: np.ndarray, side: str) -> np.ndarray:
    """Return the middle of a hand, in shape (3,)."""
    wrist, elbow = _at(points, f'{side}_wrist'), _at(points, f'{side}_elbow')
    return wrist + 0.33 * (wrist - elbow)


def _held(rng: np.random.Generator, points: np.ndarray, motion: str) -> list[Surface]:
    left, right = _hand(points, 'left'), _hand(points, 'right')
    apart = float(np.linalg.norm(left - right))
    if motion == 'deadlift' and apart < 1.2:
        return [things.barbell(rng, left, right)]
    if 0.12 < apart < 0.5 and rng.random() < 0.6:
        middle = (left + right) / 2
        size = np.array([0.6, 0.8, 0.9]) * max(apart - 0.06, 0.08)
        if rng.random() < 0.5:
            return [things.ball(middle, max(apart / 2 - 0.03, 0.04), things.paint(rng))]
        across = left - right
        return [things.box(middle, size, things.paint(rng), float(np.arctan2(across[0], across[2])))]
    if apart < 1.2 and rng.random() < 0.5:
        return [(things.barbell if motion == 'squat' and rng.random() < 0.5 else things.stick)(rng, left, right)]
    side = str(rng.choice(('left', 'right')))
    hand, arm = _hand(points, side), _at(points, f'{side}_wrist') - _at(points, f'{side}_elbow')
    across = unit(np.cross(arm, rng.normal(0, 1, 3)))
    length = rng.uniform(0.08, 0.6)
    if rng.random() < 0.3 and hand[1] > 0.45:  # a bag
        high = rng.uniform(0.2, 0.4)
        return [things.box(hand - [0, high / 2 + 0.05, 0], np.array([0.3, high, 0.12]), things.paint(rng), length * 9)]
    return [things.tube(hand - 0.06 * across, hand + length * across, rng.uniform(0.01, 0.035), things.paint(rng))]


def _seat(rng: np.random.Generator, points: np.ndarray) -> Surface:
    """Return what a person sits on: its upper side under the thighs, its back behind the sacrum."""
    hips = (_at(points, 'left_hip') + _at(points, 'right_hip')) / 2
    knees = (_at(points, 'left_knee') + _at(points, 'right_knee')) / 2
    size = float(np.linalg.norm(_at(points, 'hip') - _at(points, 'neck'))) / 0.29  # about the stature
    ahead = unit((knees - hips) * (1, 0, 1))
    turn = float(np.arctan2(-ahead[2], ahead[0]))
    top = max(min(hips[1], knees[1]) - 0.055 * size, 0.06)
    seat = np.array([hips[0], top, hips[2]]) + 0.06 * size * ahead
    kind = rng.random()
    if kind < 0.2 and 0.2 < top < 0.5:
        radius = top / 2
        return things.ball(seat * (1, 0, 1) + [0, radius, 0], radius, things.paint(rng))
    if kind < 0.45 or top < 0.15:
        box = np.array([rng.uniform(0.35, 0.5), top, rng.uniform(0.4, 1.4)])
        return things.box(seat * (1, 0, 1) + [0, top / 2, 0], box, things.paint(rng), turn)
    upright = _at(points, 'spine_04') - _at(points, 'hip')
    leans = float(upright @ ahead) < -0.05 * size  # a back would go through the sitter's
    return things.chair(rng, seat - 0.02 * size * ahead, turn, back=not leans and rng.random() < 0.7)


def occluders(rng: np.random.Generator, points: np.ndarray, camera: Camera) -> list[Surface]:
    """Return one or two things that stand between a camera and a person, or beside.

    Args:
        rng: NumPy random generator.
        points: the person's keypoints, in shape (37, 3), metres.
        camera: the Camera.
    """
    eye, found = place_of(camera).astype(float), []
    for _ in range(int(rng.integers(1, 3))):
        goal = points[int(rng.integers(skeleton.NUM_KEYPOINTS))]
        center = eye + (goal - eye) * rng.uniform(0.5, 0.85) + rng.normal(0, 0.15, 3)
        place, turn = center * (1, 0, 1), rng.uniform(0, np.pi)
        if np.linalg.norm((points - place)[:, ::2], axis=1).min() < 0.45:  # it would stand in the person
            continue
        kind = str(rng.choice(('post', 'table', 'plant', 'box', 'ball', 'chair', 'bar')))
        if kind == 'post':
            found.append(things.tube(place, place + [0, 3.5, 0], rng.uniform(0.02, 0.1), things.paint(rng)))
        elif kind == 'table':
            found.append(things.table(rng, place, turn))
        elif kind == 'plant':
            found.append(things.plant(rng, place))
        elif kind == 'box':
            size = np.array([rng.uniform(0.2, 0.5), rng.uniform(0.25, 0.9), rng.uniform(0.2, 0.6)])
            found.append(things.box(place + [0, size[1] / 2, 0], size, things.paint(rng), turn))
        elif kind == 'ball':
            radius = rng.uniform(0.06, 0.2)
            found.append(things.ball(np.array([place[0], max(radius, center[1]), place[2]]), radius, things.paint(rng)))
        elif kind == 'chair':
            found.append(things.chair(rng, place + [0, rng.uniform(0.4, 0.75), 0], turn, True))
        else:  # a railing or a bar
            along = np.array([np.cos(turn), 0, np.sin(turn)])
            found.append(
                things.tube(center - 2 * along, center + 2 * along, rng.uniform(0.015, 0.05), things.paint(rng))
            )
    return found
