"""Synthetic people before level cameras that stand around them, without images."""

from collections.abc import Iterable

import numpy as np

from spinepose_mm import skeleton
from spinepose_mm.structures.camera import Camera

from .body import Body, Parts, forward, keypoints
from .motion import sequence

_UP = np.array([0.0, 1, 0])
_SIZE = 1280, 720  # pixels
_SHOWN = 2.5  # metres that the image's height shows where the person is; a person of 1.75 m is 500 pixels tall


def perform(
    rng: np.random.Generator, motions: Iterable[str], people: int = 2, frames: int = 3
) -> tuple[np.ndarray, list[Parts]]:
    """Make frames of people who do each of some motions in four seconds, each facing some way.

    Args:
        rng: NumPy random generator.
        motions: names out of MOTIONS.
        people: how many do each.
        frames: of each, 2 or more.

    Returns:
        tuple: keypoints in world space, metres, Y up, (N, 37, 3); and the placed bodies, a list of what `forward`
        returns of one frame.
    """
    points, parts = [], []
    for motion in motions:
        for _ in range(people):
            body = Body.sample(rng)
            placed = forward(body, sequence(motion, body, rng, 4, frames / 4))
            points.append(keypoints(body, placed))
            parts += [{name: (place[[i]], turn[[i]]) for name, (place, turn) in placed.items()} for i in range(frames)]
    return np.concatenate(points), parts


def photograph(
    points: np.ndarray,
    azimuths: np.ndarray | float,
    distances: np.ndarray | float = 4.0,
    heights: np.ndarray | float = 1.3,
) -> np.ndarray:
    """Return people in the images of level cameras.

    Args:
        points: a person for each camera, metres, Y up, (N, 37, 3).
        azimuths: where the cameras stand around the vertical through the person's middle, degrees, (N,) or one for all:
            at 0 the person's left is at right angles to where the camera looks, as in front of a standing person,
            and at 90 it points towards the camera.
        distances: of the cameras from that vertical, metres, (N,) or one for all.
        heights: of the cameras above the ground, metres, (N,) or one for all.

    Returns:
        ndarray: pixels of images of 1280x720, beyond which people may be, (N, 37, 2).
    """
    pixels = []
    cameras = (np.broadcast_to(values, len(points)) for values in (np.radians(azimuths), distances, heights))
    for person, azimuth, distance, height in zip(points, *cameras):
        left: np.ndarray = np.zeros(3)  # along the hips and the shoulders, each as a unit vector
        for name in ('hip', 'shoulder'):
            across = person[skeleton.index(f'left_{name}')] - person[skeleton.index(f'right_{name}')]
            left = left + across / np.linalg.norm(across)
        left = left * [1, 0, 1]
        left /= np.linalg.norm(left)
        target = (person.min(0) + person.max(0)) / 2 * [1, 0, 1] + height * _UP
        away = np.cos(azimuth) * np.cross(left, _UP) + np.sin(azimuth) * left
        fov = 2 * np.degrees(np.arctan(_SHOWN / 2 / distance))
        pixels.append(Camera.looking(target + distance * away, target, fov, _SIZE).project(person))
    return np.stack(pixels)
