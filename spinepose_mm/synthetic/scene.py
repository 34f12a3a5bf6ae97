"""Cameras, light and pictures: PyVista (VTK) renders off-screen, without a display.

Cameras are OpenCV's: x to the right, y down, z into the picture; world space has Y up, metres.
"""
from dataclasses import dataclass

import numpy as np


@dataclass
class Camera:
    """A pinhole camera.

    Attributes:
        K: intrinsics in shape (3, 3), pixels.
        R, t: world to camera, x_c = R x_w + t, in shapes (3, 3) and (3,), metres.
        size: (width, height) of the picture in pixels.
    """
    K: np.ndarray
    R: np.ndarray
    t: np.ndarray
    size: tuple

    @classmethod
    def looking(cls, position, target, fov, size, roll=0.):
        """Return a camera at `position` that looks at `target`.

        Args:
            position, target: points in world space, metres.
            fov: vertical field of view, degrees.
            size: (width, height) in pixels.
            roll: degrees by which it is held slanted.
        """
        forward = np.subtract(target, position) / np.linalg.norm(np.subtract(target, position))
        right = np.cross(forward, [0, 1, 0])
        right /= np.linalg.norm(right)
        down = np.cross(forward, right)
        c, s = np.cos(np.radians(roll)), np.sin(np.radians(roll))
        R = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) @ np.stack([right, down, forward])
        w, h = size
        focal = h / 2 / np.tan(np.radians(fov) / 2)
        K = np.array([[focal, 0, w / 2], [0, focal, h / 2], [0, 0, 1]])
        return cls(K, R, -R @ np.asarray(position, float), size)

    def to_camera(self, points):
        """Return points in shape (..., 3) in camera space."""
        return points @ self.R.T + self.t

    def project(self, points):
        """Return the pixels, in shape (..., 2), of points of world space in shape (..., 3)."""
        seen = self.to_camera(points) @ self.K.T
        return seen[..., :2] / seen[..., 2:]


class Renderer:
    """Renders meshes of one picture size; one per process."""

    def __init__(self, size):
        try:
            import pyvista
        except ImportError as error:
            raise ImportError('rendering needs PyVista: pip install "spinepose_mm[synthetic]"') from error
        from vtkmodules.vtkCommonCore import vtkLogger
        vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_ERROR)  # it warns of every display that is not there
        self.size = tuple(size)
        self._pyvista = pyvista
        self.plotter = pyvista.Plotter(off_screen=True, window_size=list(size), lighting='none')
        # With several samples a pixel, VTK gives the depth at one of them, which is not the middle of the pixel.
        self.plotter.render_window.SetMultiSamples(0)
        self.plotter.set_background('black')
        self.plotter.show(auto_close=False)

    def close(self):
        self.plotter.close()

    def render(self, mesh, camera, lights):
        """Render one mesh alone.

        Args:
            mesh: a Mesh.
            camera: a Camera of this renderer's size.
            lights: [(direction it comes from (3,), strength)]; they are white.

        Returns:
            tuple: the picture in shape (H, W, 3), uint8, RGB; and the depth along the camera's z axis in shape (H, W),
            in metres, infinite where there is nothing.
        """
        plotter, pyvista = self.plotter, self._pyvista
        plotter.clear()
        faces = np.column_stack([np.full(len(mesh.faces), 3), mesh.faces]).ravel()
        surface = pyvista.PolyData(mesh.vertices, faces)
        surface['rgb'] = mesh.colors.clip(0, 255).astype(np.uint8)
        plotter.add_mesh(surface, scalars='rgb', rgb=True, smooth_shading=True, ambient=.35, diffuse=.75, specular=.05,
                         render=False)
        for direction, strength in lights:
            light = pyvista.Light(light_type='scene light', intensity=strength)
            light.positional = False
            light.position, light.focal_point = tuple(np.asarray(direction, float)), (0, 0, 0)
            plotter.add_light(light)
        near, far = self._aim(camera, mesh.vertices)
        plotter.render()
        picture = np.array(plotter.screenshot(return_img=True))
        return picture, self._depth(near, far)

    def _aim(self, camera, vertices):
        """Point VTK's camera as `camera`; return the distances of its clipping planes."""
        depths = camera.to_camera(vertices)[:, 2]
        near = max(.05, depths.min() - .1)
        far = max(near, depths.max()) + .1  # whoever is behind the camera is cut away
        view = self.plotter.camera
        position = -camera.R.T @ camera.t
        view.position, view.focal_point = tuple(position), tuple(position + camera.R[2])
        view.up = tuple(-camera.R[1])
        w, h = camera.size
        view.view_angle = np.degrees(2 * np.arctan(h / 2 / camera.K[1, 1]))
        view.clipping_range = (near, far)
        return near, far

    def _depth(self, near, far):
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
