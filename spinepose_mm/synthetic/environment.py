"""What is around people, as radiance from all sides: the background and the light of one place; linear RGB.

panorama: panoramas of real places, and photographs.
outdoors, indoors: synthetic places.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from spinepose_mm.structures.camera import Camera

from .indoors import Room, Studio
from .light import Light
from .outdoors import Outdoors
from .panorama import Panorama, Photograph


class Environment(Protocol):
    """A place: its light and what a camera sees of it.

    Attributes:
        light: the Light at the people.
    """

    light: Light

    def background(self, place: np.ndarray, rays: np.ndarray) -> np.ndarray:
        """Return what a camera at `place` (3,) sees without people along unit vectors `rays`, in shape (H, W, 3).

        It is float32, and the caller's own to change.
        """
        ...


def sample_environment(
    rng: np.random.Generator,
    camera: Camera,
    reach: np.ndarray,
    panoramas: Sequence[str | os.PathLike[str]] = (),
    photographs: Sequence[str | os.PathLike[str]] = (),
    synthetic: float = 0.15,
) -> Environment:
    """Return a place: one of the panoramas or photographs, where there are any, or a synthetic one.

    Args:
        rng: NumPy random generator; one of the same seed gives the same place to all cameras of a scene.
        camera: the Camera that sees it.
        reach: places that lie in it, of people and all cameras of the scene, in shape (N, 3), metres.
        panoramas: paths of HDR panoramas, from `panorama_files`.
        photographs: paths of photographs.
        synthetic: how often a place is synthetic though there are files, from 0 to 1.

    Raises:
        ValueError: a file is broken.
    """
    kinds = [name for name, files in (('panorama', panoramas), ('photograph', photographs)) if len(files)]
    kind = str(rng.choice(kinds)) if kinds and rng.random() >= synthetic else 'synthetic'
    if kind == 'panorama':
        return Panorama.sample(rng, panoramas[int(rng.integers(len(panoramas)))], reach)
    if kind == 'photograph':
        return Photograph(rng, photographs[int(rng.integers(len(photographs)))], camera)
    share = rng.random()
    if share < 0.5:
        return Outdoors(rng, reach)
    return Room(rng, reach) if share < 0.92 else Studio(rng)
