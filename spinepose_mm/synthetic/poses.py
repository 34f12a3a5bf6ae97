"""Bodies in motion before calibrated cameras, as numbers alone: labels in 2D and 3D without images."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from tqdm import tqdm

from spinepose_mm.io.atomic import locked
from spinepose_mm.structures.camera import Camera
from spinepose_mm.structures.simspine_layout import CAMERA_LAYOUT, SUBJECTS

from .body import Body, forward, keypoints
from .labels import write_npz
from .motion import sequence
from .motion_poses import MOTIONS
from .rendering import make_cameras, pose_angles


@dataclass(frozen=True)
class PoseSettings:
    """What a file of poses is made of. The same settings give the same numbers.

    Attributes:
        people: number of people; each does one motion.
        frames: of each motion.
        views: calibrated cameras around each person.
        split: name of the split: each has its own people, motions and cameras.
        seed: any number.
        size: (width, height) of the images that the cameras would take, in pixels.
        frame_rate: frames a second.
        distance: cameras stand up to so many times as far away as it takes to show the whole person.
        motions: names out of MOTIONS.

    Raises:
        ValueError: a setting is out of its range.
    """

    people: int
    frames: int = 60
    views: int = 2
    split: str = 'train'
    seed: int = 0
    size: tuple[int, int] = (1000, 1000)
    frame_rate: float = 15.0
    distance: float = 2.5
    motions: tuple[str, ...] = tuple(MOTIONS)

    def __post_init__(self) -> None:
        for name in ('people', 'frames', 'views', 'frame_rate'):
            if not getattr(self, name) > 0:
                raise ValueError(f'{name} is over 0, not {getattr(self, name)}')
        if self.distance < 1:
            raise ValueError(f'distance is 1 or more, not {self.distance}')
        if self.seed < 0:
            raise ValueError(f'seed is 0 or more, not {self.seed}')
        unknown = set(self.motions) - set(MOTIONS)
        if unknown or not self.motions:
            raise ValueError(f'motions are out of {", ".join(MOTIONS)}, not {", ".join(sorted(unknown)) or "none"}')


def synthesize_poses(path: str | os.PathLike[str], settings: PoseSettings, progress: bool = False) -> None:
    """Write the labels of moving people, in SIMSPINE's layout with the cameras, whole or not at all.

    Images are named as SIMSPINE's, by its subjects in turn, with an action for each person; there are none. Every
    point in front of the camera and within the image counts as visible.

    Args:
        path: the `.npz`.
        settings: PoseSettings.
        progress: whether to show a progress bar.

    Raises:
        FileExistsError: there is a file of that name, which may be SIMSPINE's own.
        BlockingIOError: another run writes it.
    """
    path = Path(path)
    if path.exists():
        raise FileExistsError(f'{path} is there already')
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path):
        write_npz(
            path,
            [
                record
                for person in tqdm(range(settings.people), disable=not progress)
                for record in _video(settings, person)
            ],
        )


def stage(
    rng: np.random.Generator,
    motion: str,
    people: int = 1,
    frames: int = 60,
    frame_rate: float = 15.0,
    size: tuple[int, int] = (1280, 720),
) -> tuple[np.ndarray, np.ndarray, Camera]:
    """Make people who do the same motion, each in their own way and place, before a still camera that shows them whole.

    Their feet are level where they stand on both.

    Args:
        rng: NumPy random generator.
        motion: name out of MOTIONS.
        people: how many.
        frames: number of frames.
        frame_rate: frames a second.
        size: (width, height) of the image in pixels.

    Returns:
        tuple: keypoints in world space, metres, (frames, people, 37, 3); how tall the people stand, metres, (people,);
        and the Camera.
    """
    bodies = [Body.sample(rng) for _ in range(people)]
    flat_feet = motion not in ('walk', 'run', 'lie', 'handstand')
    courses = []
    for i, body in enumerate(bodies):
        pose = sequence(motion, body, rng, frames / frame_rate, frame_rate, flat_feet)
        place = [1.3 * (i % 2) + rng.uniform(-0.3, 0.3), 0, 1.5 * (i // 2) + rng.uniform(-0.3, 0.3)]
        courses.append(keypoints(body, forward(body, pose))[:frames] + place)
    points = np.stack(courses, axis=1)
    middle, azimuth, elevation = points.mean((0, 1, 2)), rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(-5, 25))
    position = middle + (rng.uniform(3.5, 6) + people / 2) * np.array(
        [np.cos(azimuth) * np.cos(elevation), np.sin(elevation), np.sin(azimuth) * np.cos(elevation)]
    )
    position[1] = max(0.3, position[1])
    camera = Camera.looking(position, middle, rng.uniform(35, 60), size, roll=rng.normal(0, 3))
    return points, np.array([body.stature() for body in bodies]), camera


def _video(settings: PoseSettings, person: int) -> Iterator[dict[str, Any]]:
    """Yield the labels of one person's frames, camera by camera."""
    rng = np.random.default_rng([*settings.split.encode(), settings.seed, person])
    motion = str(rng.choice(settings.motions))
    body = Body.sample(rng)
    pose = sequence(motion, body, rng, settings.frames / settings.frame_rate, settings.frame_rate)
    points = keypoints(body, forward(body, pose))[: settings.frames]
    # Aimed at the middle of all that the person does.
    middle = SimpleNamespace(points=points.reshape(-1, 3))
    angles = [pose_angles(pose, frame) for frame in range(len(points))]
    for view, camera in enumerate(make_cameras(rng, [middle], settings.size, settings.views)):
        subject = SUBJECTS[person % len(SUBJECTS)]
        name = f'{subject}/{subject}_{motion}_{person}.{view:08d}'
        camera.t = camera.t + [0, 0, rng.uniform(0, settings.distance - 1) * camera.to_camera(points.mean((0, 1)))[2]]
        place = camera.to_camera(points)
        pixels = camera.project(points)
        inside = (place[..., 2] > 0) & (pixels >= 0).all(-1) & (pixels < settings.size).all(-1)
        for frame in range(len(points)):
            visible = pixels[frame][inside[frame]] if inside[frame].any() else np.zeros((1, 2))
            yield dict(
                imgname=f'{name}/{name.rpartition("/")[2]}_{frame:06d}.jpg',
                world=points[frame],
                camera=place[frame],
                pixels=np.column_stack([pixels[frame], 2 * inside[frame]]),
                angles=angles[frame],
                bbox=(*visible.min(0), *np.ptp(visible, axis=0)),
                **{name: getattr(camera, name) for name in CAMERA_LAYOUT},
            )
