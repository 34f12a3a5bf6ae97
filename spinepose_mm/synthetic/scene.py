"""Light and images: PyVista (VTK) renders off-screen, without a display."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from spinepose_mm.structures.camera import Camera

    from .surface import Mesh


class Renderer:
    """Renders meshes of one image size; one per process."""

    def __init__(self, size: tuple[int, int]) -> None:
        try:
            import pyvista
        except ImportError as error:
            raise ImportError('rendering needs PyVista: pip install "spinepose_mm[synthetic]"') from error
        from vtkmodules.vtkCommonCore import vtkLogger

        vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_ERROR)  # it warns of every display that is not there
        self.size = size[0], size[1]
        self._pyvista = pyvista
        self.plotter = pyvista.Plotter(off_screen=True, window_size=list(size), lighting='none')
        # With several samples a pixel, VTK gives the depth at one of them, which is not the middle of the pixel.
        self.plotter.render_window.SetMultiSamples(0)
        self.plotter.set_background('black')
        self.plotter.show(auto_close=False)

    def close(self) -> None:
        self.plotter.close()

    def render(
        self, mesh: Mesh, camera: Camera, lights: Iterable[tuple[np.ndarray, float]]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Render one mesh alone.

        Args:
            mesh: a Mesh.
            camera: a Camera of this renderer's size.
            lights: [(direction it comes from (3,), strength)]; they are white.

        Returns:
            tuple: the image in shape (H, W, 3), uint8, RGB; and the depth along the camera's z axis in shape (H, W),
            in metres, infinite where there is nothing.
        """
        plotter, pyvista = self.plotter, self._pyvista
        plotter.clear()
        faces = np.column_stack([np.full(len(mesh.faces), 3), mesh.faces]).ravel()
        surface = pyvista.PolyData(mesh.vertices, faces)
        surface['rgb'] = mesh.colors.clip(0, 255).astype(np.uint8)
        plotter.add_mesh(
            surface,
            scalars='rgb',
            rgb=True,
            smooth_shading=True,
            ambient=0.35,
            diffuse=0.75,
            specular=0.05,
            render=False,
        )
        for direction, strength in lights:
            light = pyvista.Light(light_type='scene light', intensity=strength)
            light.positional = False
            light.position, light.focal_point = tuple(np.asarray(direction, float)), (0, 0, 0)
            plotter.add_light(light)
        near, far = self._aim(camera, mesh.vertices)
        plotter.render()
        image = np.array(plotter.screenshot(return_img=True))
        return image, self._depth(near, far)

    def _aim(self, camera: Camera, vertices: np.ndarray) -> tuple[float, float]:
        """Point VTK's camera as `camera`; return the distances of its clipping planes."""
        depths = camera.to_camera(vertices)[:, 2]
        near = max(0.05, depths.min() - 0.1)
        far = max(near, depths.max()) + 0.1  # what is behind the camera is cut away
        view = self.plotter.camera
        position = -camera.R.T @ camera.t
        view.position, view.focal_point = tuple(position), tuple(position + camera.R[2])
        view.up = tuple(-camera.R[1])
        w, h = camera.size
        view.view_angle = np.degrees(2 * np.arctan(h / 2 / camera.K[1, 1]))
        view.clipping_range = (near, far)
        return near, far

    def _depth(self, near: float, far: float) -> np.ndarray:
        from vtkmodules.util.numpy_support import vtk_to_numpy
        from vtkmodules.vtkCommonCore import vtkFloatArray

        window = self.plotter.render_window
        w, h = window.GetSize()
        values = vtkFloatArray()
        window.GetZbufferData(0, 0, w - 1, h - 1, values)
        buffer = vtk_to_numpy(values).reshape(h, w)[::-1].astype(float)
        depth = near * far / (far - buffer * (far - near))
        depth[buffer >= 1] = np.inf
        return depth
