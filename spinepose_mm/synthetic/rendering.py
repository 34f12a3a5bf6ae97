"""One image and its labels: people in motion, clothes, light, a background, things in front, a camera's faults."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spinepose_mm import skeleton
from spinepose_mm.structures.camera import Camera

from . import backdrop, surface
from .body import AXES, Body, Pose, forward, keypoints, spine_angles
from .motion import FRAME_RATE, sequence

if TYPE_CHECKING:
    from .scene import Renderer

#: How far behind the surface in front of it a keypoint still counts as visible, as a part of the body height: about the
#: thickness of the body there. A vertebra is visible from the front through the whole trunk, but not through an arm.
_THICKNESS = {
    'eye': 0.03,
    'nose': 0.03,
    'ear': 0.045,
    'head': 0.05,
    'neck_02': 0.06,
    'neck_03': 0.07,
    'neck': 0.075,
    'shoulder': 0.06,
    'clavicle': 0.07,
    'latissimus': 0.075,
    'hip': 0.125,
    'spine': 0.115,
    'heel': 0.04,
    'toe': 0.035,
    'ankle': 0.04,
    'knee': 0.05,
    'elbow': 0.04,
    'wrist': 0.035,
}
MIN_AREA = 150  # visible pixels of a person who is labelled
_NEAR, _FAR = 0.8, 1.9  # metres between neighbours


@dataclass
class Person:
    """A labelled person.

    Attributes:
        pixels: keypoints in shape (37, 3): x, y in pixels, and 2 (visible), 1 (occluded) or 0 (outside the image).
        world, camera: keypoints in shape (37, 3), metres.
        angles: the pose, {name: degrees or metres}.
        bbox: (x, y, w, h) of the visible part of the person, in pixels.
        area: number of visible pixels.
        motion: name of the motion.
    """

    pixels: np.ndarray
    world: np.ndarray
    camera: np.ndarray
    angles: dict[str, float]
    bbox: tuple[int, ...]
    area: int
    motion: str


@dataclass
class Performance:
    """What a person does at one moment, before an image is taken.

    Attributes:
        points: keypoints in shape (37, 3), metres.
        angles: the pose, {name: degrees or metres}.
        motion: name of the motion.
        height: of the person, metres.
    """

    points: np.ndarray
    angles: dict[str, float]
    motion: str
    height: float


@dataclass
class Actor(Performance):
    """A figure before an image is taken: its mesh beside what it does."""

    mesh: surface.Mesh


def make_scene(rng: np.random.Generator, people: int, motions: Sequence[str]) -> list[Actor]:
    """Return up to `people` Actors, the first at the middle of the scene, the others around."""
    count = 1 + (int(rng.integers(people)) if rng.random() < 0.5 else 0)
    actors: list[Actor] = []
    places: list[np.ndarray] = []
    for i in range(count):
        name = str(rng.choice(motions))
        body = Body.sample(rng)
        pose = sequence(name, body, rng, seconds=0.1)
        place: np.ndarray = np.zeros(2)
        while i and min(np.linalg.norm(place - other) for other in places) < _NEAR:
            place = places[int(rng.integers(i))] + _FAR * rng.uniform(-1, 1, 2)
        places.append(place)
        pose['pelvis_tx'], pose['pelvis_tz'] = pose['pelvis_tx'] + place[0], pose['pelvis_tz'] + place[1]
        actors.append(next(act(name, body, pose, surface.Clothes.sample(rng))))
    return actors


def act(name: str, body: Body, pose: Pose, clothes: surface.Clothes) -> Iterator[Actor]:
    """Yield the Actor of each frame of a pose."""
    parts = forward(body, pose)
    for frame, points in enumerate(keypoints(body, parts)):
        mesh = surface.build(body, parts, clothes, frame)
        yield Actor(points, pose_angles(pose, frame), name, body.height, mesh)


def video(
    name: str, seed: int, renderer: Renderer, seconds: float | None = None, frame_rate: float = FRAME_RATE
) -> Iterator[tuple[np.ndarray, Person | None]]:
    """Yield (image, Person or None) for each frame of a motion of one person before a camera that stands still.

    Args:
        name: name out of MOTIONS.
        seed: it sets the person, the motion, the camera, the light and the background.
        renderer: a Renderer.
        seconds: length; one round of the motion by default.
        frame_rate: images a second.
    """
    rng = np.random.default_rng(seed)
    body = Body.sample(rng)
    pose = sequence(name, body, rng, seconds, frame_rate)
    camera = None
    for actor in act(name, body, pose, surface.Clothes.sample(rng)):
        camera = camera or make_cameras(np.random.default_rng([seed, 1]), [actor], renderer.size, 1)[0]
        image, people = take(np.random.default_rng([seed, 2]), [actor], camera, renderer)
        yield image, people[0] if people else None


def pose_angles(pose: Pose, frame: int) -> dict[str, float]:
    """Return one frame of a pose as {name: degrees or metres}, the spine's joints one by one."""
    values = {
        axis: float(pose[axis][frame]) for axis in AXES if axis.startswith('pelvis') or axis.endswith(('right', 'left'))
    }
    for name, turns in spine_angles(pose).items():
        values.update(zip((f'{name}_flexion', f'{name}_bending', f'{name}_rotation'), map(float, turns[frame])))
    return values


def make_cameras(
    rng: np.random.Generator, actors: Sequence[Actor | SimpleNamespace], size: tuple[int, int], count: int
) -> list[Camera]:
    """Return `count` calibrated Cameras around a scene, each aimed at its first actor."""
    points = actors[0].points
    middle, reach = points.mean(0), np.ptp(points, axis=0).max()
    first, cameras = rng.uniform(0, 2 * np.pi), []
    for i in range(count):
        azimuth = first + 2 * np.pi * i / count + rng.normal(0, 0.1)
        fov = rng.uniform(25, 60)
        fill = rng.uniform(0.5, 0.95)
        distance = max(1.2, reach * max(1, 0.8 * size[1] / size[0]) / fill / 2 / np.tan(np.radians(fov) / 2))
        elevation = np.radians(rng.uniform(-5, 30))
        offset = distance * np.array(
            [np.cos(azimuth) * np.cos(elevation), np.sin(elevation), np.sin(azimuth) * np.cos(elevation)]
        )
        position = middle + offset
        position[1] = max(0.2, position[1])
        target = middle + rng.normal(0, 0.08, 3) * reach
        cameras.append(Camera.looking(position, target, fov, size, roll=rng.normal(0, 4)))
    return cameras


def take(
    rng: np.random.Generator,
    actors: Sequence[Actor],
    camera: Camera,
    renderer: Renderer,
    backgrounds: Sequence[str | os.PathLike[str]] = (),
) -> tuple[np.ndarray, list[Person]]:
    """Take an image.

    Args:
        rng: NumPy random generator, for light, background, occluders and the camera's faults.
        actors: what `make_scene` returned.
        camera: a Camera.
        renderer: a Renderer of the camera's image size.
        backgrounds: paths of images to put behind the people; synthetic ones by default.

    Returns:
        tuple: the image in shape (H, W, 3), uint8, BGR; and a list of Person, those who are visible.
    """
    lights = [(rng.normal(0, 1, 3) + [0, 1.2, 0], rng.uniform(0.4, 0.9)) for _ in range(int(rng.integers(1, 4)))]
    tint = rng.uniform(0.85, 1.1, 3) * rng.uniform(0.75, 1.15)
    layers = [renderer.render(actor.mesh, camera, lights) for actor in actors]
    if rng.random() < 0.3:
        layers.append(renderer.render(_occluders(rng, actors[0], camera), camera, lights))
    depths = np.stack([depth for _, depth in layers])
    nearest, front = depths.min(axis=0), depths.argmin(axis=0)
    front[np.isinf(nearest)] = -1
    image = backdrop.background(rng, camera, backgrounds).astype(float)
    backdrop.shade(image, [actor.points for actor in actors], camera)
    for i, (rendered, _) in enumerate(layers):
        image[front == i] = (rendered[..., ::-1] * tint)[front == i]
    people = [label(actor, camera, front == i, nearest) for i, actor in enumerate(actors)]
    return backdrop.faults(rng, image), [person for person in people if person]


def label(person: Performance, camera: Camera, visible: np.ndarray, nearest: np.ndarray) -> Person | None:
    """Return the labels of a person, or None where too few pixels show the person.

    Args:
        person: who it is.
        camera: the Camera.
        visible: which pixels show the person, in shape (H, W).
        nearest: depth of what is in front, in shape (H, W), metres.
    """
    h, w = visible.shape
    area = int(visible.sum())
    if area < MIN_AREA:
        return None
    xy, depth = camera.project(person.points), camera.to_camera(person.points)[:, 2]
    pixels = np.zeros((skeleton.NUM_KEYPOINTS, 3))
    for i, (x, y) in enumerate(xy):
        if depth[i] > 0 and 0 <= x < w and 0 <= y < h:
            row, column = int(y), int(x)
            close = depth[i] - nearest[row, column] <= _thickness(skeleton.NAMES[i]) * person.height
            pixels[i] = x, y, 2 if visible[row, column] and close else 1
    return Person(
        pixels,
        person.points,
        camera.to_camera(person.points),
        person.angles,
        cv2.boundingRect(visible.astype(np.uint8)),
        area,
        person.motion,
    )


def _thickness(name: str) -> float:
    for part in (name, name.split('_', 1)[-1], name.split('_')[0], name.split('_')[-1]):
        if part in _THICKNESS:
            return _THICKNESS[part]
    raise KeyError(name)


def _occluders(rng: np.random.Generator, actor: Actor, camera: Camera) -> surface.Mesh:
    """Return one or two posts or balls between the camera and a person."""
    eye = -camera.R.T @ camera.t
    meshes = []
    for _ in range(int(rng.integers(1, 3))):
        goal = actor.points[int(rng.integers(skeleton.NUM_KEYPOINTS))]
        center = eye + (goal - eye) * rng.uniform(0.5, 0.85) + rng.normal(0, 0.1, 3)
        turn = np.linalg.qr(rng.normal(0, 1, (3, 3)))[0]
        size = rng.uniform(0.05, 0.16, 3) * (1, rng.uniform(1, 5), 1)
        meshes.append(surface.ellipsoid(center, turn, size, rng.uniform(20, 235, 3)))
    return surface.merge(meshes)
