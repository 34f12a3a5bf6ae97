"""One image of people of flesh in a place, and its labels."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike

import numpy as np

from spinepose_mm.structures.camera import Camera

from .body import forward, keypoints
from .dressing import dress
from .environment import sample_environment
from .flesh import Person
from .mesh import Surface
from .motion import FRAME_RATE, sequence
from .photo import Photographer
from .rays import place_of
from .rendering import Performance, label, pose_angles
from .rendering import Person as Labelled
from .staging import occluders, stand, touched

OCCLUDED = 0.3  # how often things stand in front of the people

Paths = Sequence[str | PathLike[str]]


class Crowd:
    """Dressed people who do something in one place, drawn at random.

    Args:
        rng: NumPy random generator.
        people: at most so many.
        motions: what they do, names out of MOTIONS.

    Attributes:
        people: a Performance of each.
        surfaces: of the people, by number, and then of what they hold and sit on.
    """

    def __init__(self, rng: np.random.Generator, people: int, motions: Sequence[str]) -> None:
        count = 1 + (int(rng.integers(people)) if rng.random() < 0.5 else 0)
        self.people: list[Performance] = []
        self.surfaces: list[Surface] = []
        for number in range(count):
            self._add(rng, number, str(rng.choice(motions)))
        for person, surface, shift in zip(self.people, self.surfaces, stand(rng, self.points)):
            moved = np.array([shift[0], 0, shift[1]])
            person.points = person.points + moved
            surface.vertices = (surface.vertices + moved).astype(np.float32)
            for axis, value in zip(('pelvis_tx', 'pelvis_tz'), shift):
                person.angles[axis] += float(value)
        self.surfaces += touched(rng, self.points, [person.motion for person in self.people])

    @property
    def points(self) -> list[np.ndarray]:
        """Keypoints of each person in shape (37, 3), metres."""
        return [person.points for person in self.people]

    def _add(self, rng: np.random.Generator, number: int, motion: str) -> None:
        person = Person.sample(rng)
        pose = sequence(motion, person, rng, seconds=2 / FRAME_RATE)
        parts = forward(person, pose)
        dressed = dress(person.shape, person.rest, rng)
        surface = dressed.surface(person.transforms(parts, 0), number)
        after = dressed.vertices(person.transforms(parts, 1))
        surface.velocity = (after - surface.vertices) * np.float32(FRAME_RATE)
        self.surfaces.append(surface)
        points = keypoints(person, parts)[0]
        self.people.append(Performance(points, pose_angles(pose, 0), motion, person.shape.stature))


def photograph(
    seed: Sequence[int],
    crowd: Crowd,
    cameras: Sequence[Camera],
    view: int,
    photographer: Photographer,
    panoramas: Paths = (),
    backgrounds: Paths = (),
) -> tuple[np.ndarray, list[Labelled]]:
    """Take an image of people, from one of the cameras around them.

    Args:
        seed: numbers of the scene: the place is the same from all cameras, all else differs.
        crowd: the people.
        cameras: all cameras of the scene.
        view: number of the camera.
        photographer: a Photographer of the camera's image size.
        panoramas: paths of HDR panoramas, light and background at once.
        backgrounds: paths of photographs to put behind the people.

    Returns:
        tuple: the image in shape (H, W, 3), uint8, BGR; and the labels of those who are visible.
    """
    camera = cameras[view]
    reach = np.concatenate([*crowd.points, [place_of(one) for one in cameras]])
    place = sample_environment(np.random.default_rng([*seed, 0]), camera, reach, panoramas, backgrounds)
    rng = np.random.default_rng([*seed, 1, view])
    front = occluders(rng, crowd.points[0], camera) if rng.random() < OCCLUDED else []
    image, owner, depth = photographer.render([*crowd.surfaces, *front], camera, place, rng)
    people = [label(person, camera, owner == i, depth) for i, person in enumerate(crowd.people)]
    return image, [person for person in people if person is not None]
