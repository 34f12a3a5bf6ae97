"""An image of surfaces in a place, as a camera takes it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spinepose_mm.structures.camera import Camera

from .environment import Environment
from .lens import Faults, develop
from .mesh import Surface, join
from .raster import Raster, sample
from .shading import shade


class Photographer:
    """Takes images of one size; one per process, since it holds a window off-screen.

    Args:
        size: (width, height) of the images in pixels.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.raster = Raster(size)

    def close(self) -> None:
        self.raster.close()

    def render(
        self,
        surfaces: Sequence[Surface],
        camera: Camera,
        environment: Environment,
        rng: np.random.Generator,
        faults: Faults | None = None,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Take an image.

        Args:
            surfaces: people, clothes and things; at least one.
            camera: a Camera of this size without distortion, whose principal point is the image's middle.
            environment: an Environment, light and background.
            rng: NumPy random generator, for the faults of the camera.
            faults: how often those come; Faults() by default.

        Returns:
            tuple: the image in shape (H, W, 3), uint8, BGR; the number of the person that each pixel shows, UNOWNED
            for things and for what is behind, in shape (H, W); and the depth along the camera's z axis to what is in
            front, infinite where nothing is, in shape (H, W), metres.

        Raises:
            ValueError: the camera is of another size, is distorted, or there are no triangles.
        """
        if tuple(camera.size) != self.raster.size or np.any(camera.dist):
            raise ValueError(
                f'the camera must be of {self.raster.size[0]}x{self.raster.size[1]} pixels without distortion, but it '
                f'is of {camera.size[0]}x{camera.size[1]}, distortion {np.asarray(camera.dist).tolist()}'
            )
        mesh = join(surfaces)
        seen = sample(self.raster.triangles(mesh.vertices, mesh.faces, camera), mesh, camera, self.raster.samples)
        layers = shade(mesh, seen, camera, environment)
        return develop(rng, layers, faults), layers.owner, layers.depth
