"""Which triangle each pixel sees, by VTK off-screen, and where on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spinepose_mm.structures.camera import Camera

from .mesh import Joined, cross

NEAR = 0.05  # metres in front of the camera; what is nearer is cut away
_APART = 0.025  # metres between faces of one pixel, from which on it is an edge


class Raster:
    """Renders the numbers of triangles for one image size; one per process.

    Args:
        size: (width, height) of the images in pixels.
        samples: so many samples a pixel, along each axis.
    """

    def __init__(self, size: tuple[int, int], samples: int = 2) -> None:
        try:
            from vtkmodules import vtkRenderingCore as core
            from vtkmodules import vtkRenderingOpenGL2  # noqa: F401  what renders, on import
            from vtkmodules.vtkCommonCore import vtkLogger
        except ImportError as error:
            raise ImportError('rendering needs PyVista: pip install "spinepose_mm[synthetic]"') from error
        vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_ERROR)  # it warns of displays that are not there
        self.size, self.samples = (size[0], size[1]), samples
        self._window: Any = core.vtkRenderWindow()
        self._window.SetOffScreenRendering(1)
        self._window.SetMultiSamples(0)
        self._window.SetSize(size[0] * samples, size[1] * samples)
        self._renderer, self._mapper, actor = core.vtkRenderer(), core.vtkPolyDataMapper(), core.vtkActor()
        self._window.AddRenderer(self._renderer)
        self._renderer.SetBackground(1, 1, 1)
        self._mapper.SetColorModeToDirectScalars()
        self._mapper.SetScalarModeToUseCellData()
        actor.SetMapper(self._mapper)
        actor.GetProperty().LightingOff()
        self._renderer.AddActor(actor)

    def close(self) -> None:
        self._window.Finalize()

    def triangles(self, vertices: np.ndarray, faces: np.ndarray, camera: Camera) -> np.ndarray:
        """Return the number of the nearest triangle, -1 for none, in shape (H * samples, W * samples), int32.

        Args:
            vertices: in shape (V, 3), metres.
            faces: in shape (F, 3).
            camera: a Camera of this size whose principal point is the image's middle, with square pixels.
        """
        from vtkmodules.util.numpy_support import vtk_to_numpy
        from vtkmodules.vtkCommonCore import vtkUnsignedCharArray

        self._mapper.SetInputData(self._mesh(vertices, faces))
        self._aim(camera, vertices)
        self._window.Render()
        width, height = self.size[0] * self.samples, self.size[1] * self.samples
        values = vtkUnsignedCharArray()
        self._window.GetRGBACharPixelData(0, 0, width - 1, height - 1, 0, values)
        number = vtk_to_numpy(values).view('<u4').reshape(height, width)[::-1].astype(np.int32) & 0xFFFFFF
        number[number >= len(faces)] = -1
        return number

    def _mesh(self, vertices: np.ndarray, faces: np.ndarray) -> Any:
        from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray
        from vtkmodules.vtkCommonCore import vtkPoints
        from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData

        points, cells, mesh = vtkPoints(), vtkCellArray(), vtkPolyData()
        points.SetData(numpy_to_vtk(np.ascontiguousarray(vertices, np.float32), deep=True))
        starts = np.arange(0, 3 * len(faces) + 1, 3)
        cells.SetData(
            *(numpy_to_vtkIdTypeArray(array, deep=True) for array in (starts, faces.ravel().astype(np.int64)))
        )
        number = np.arange(len(faces), dtype='<u4')
        color = numpy_to_vtk(np.ascontiguousarray(number.view(np.uint8).reshape(-1, 4)[:, :3]), deep=True)
        mesh.SetPoints(points)
        mesh.SetPolys(cells)
        mesh.GetCellData().SetScalars(color)
        return mesh

    def _aim(self, camera: Camera, vertices: np.ndarray) -> None:
        view = self._renderer.GetActiveCamera()
        position = -camera.R.T @ camera.t
        view.SetPosition(*position)
        view.SetFocalPoint(*(position + camera.R[2]))
        view.SetViewUp(*-camera.R[1])
        view.SetViewAngle(np.degrees(2 * np.arctan(camera.size[1] / 2 / camera.K[1, 1])))
        depth = vertices @ camera.R[2].astype(np.float32) + np.float32(camera.t[2])
        near = max(NEAR, float(depth.min()) - 0.1)
        view.SetClippingRange(near, max(near, float(depth.max())) + 0.1)


@dataclass
class Samples:
    """What is seen, S samples: one in a pixel that sees one thing, several in a pixel at an edge.

    Attributes:
        pixel: row * width + column, in shape (S,).
        weight: share of the pixel, in shape (S,).
        face: number of the triangle, in shape (S,).
        corners: weights of its three corners, of sum 1, in shape (S, 3).
        ray: direction in the world whose depth is 1 metre, in shape (S, 3).
        depth: along the camera's z axis, metres, in shape (S,).
        main: whether it stands for its pixel, in masks and depth, in shape (S,).
    """

    pixel: np.ndarray
    weight: np.ndarray
    face: np.ndarray
    corners: np.ndarray
    ray: np.ndarray
    depth: np.ndarray
    main: np.ndarray


def sample(triangles: np.ndarray, mesh: Joined, camera: Camera, samples: int) -> Samples:
    """Return the Samples of an image of triangle numbers, which `Raster.triangles` returned."""
    width = camera.size[0]
    view = mesh.vertices.astype(float) @ camera.R.T + camera.t
    pixel, face, x, y, weight, main = _choose(triangles, mesh, view[:, 2], width, samples)
    local = np.stack([(x - camera.K[0, 2]) / camera.K[0, 0], (y - camera.K[1, 2]) / camera.K[1, 1], np.ones(len(x))], 1)
    # A ray through a triangle A B C in camera space has the weights r (B x C), r (C x A), r (A x B) but for a factor:
    # Olano and Greer, "Triangle scan conversion using 2D homogeneous coordinates" (1997).
    flags = np.zeros(len(mesh.faces), bool)
    flags[face] = True
    seen, which = np.flatnonzero(flags), (np.cumsum(flags) - 1)[face]
    a, b, c = (view[mesh.faces[seen, i]].T for i in range(3))
    edges = np.stack([cross(b, c), cross(c, a), cross(a, b)])  # (corner, axis, face)
    corners = np.einsum('ijs,sj->si', edges[..., which], local)
    total = corners.sum(axis=1, keepdims=True)
    # The middle of a pixel may lie beside the triangle that one of its samples saw, but not far.
    corners = np.where(np.abs(total) > 1e-12, corners / np.where(total == 0, 1, total), 1 / 3).clip(-0.5, 1.5)
    corners /= corners.sum(axis=1, keepdims=True)
    depth = np.einsum('si,is->s', corners, np.stack([a[2], b[2], c[2]])[:, which])
    return Samples(
        pixel,
        weight,
        face,
        corners.astype(np.float32),
        (local @ camera.R).astype(np.float32),
        depth.astype(np.float32),
        main,
    )


def _choose(triangles: np.ndarray, mesh: Joined, depth: np.ndarray, width: int, samples: int) -> tuple[np.ndarray, ...]:
    """Return pixel, triangle, x, y, weight and main of each sample."""
    parts = [triangles[i::samples, j::samples].ravel() for i in range(samples) for j in range(samples)]
    occupied = np.flatnonzero(np.maximum.reduce(parts) >= 0)
    block = np.stack([part[occupied] for part in parts])
    face_depth = sum(depth[mesh.faces[:, i]] for i in range(3)) / 3
    # Of a pixel that sees one material of one owner without a step in depth, one sample is enough.
    kind = (mesh.owner * np.int32(len(mesh.materials)) + mesh.material)[block]
    far = face_depth[block]
    inside = (block >= 0).all(axis=0) & (kind == kind[0]).all(axis=0) & (np.ptp(far, axis=0) < _APART)
    whole, edge = occupied[inside], occupied[~inside]
    columns, rows = np.nonzero(block[:, ~inside] >= 0)
    part = edge[rows]
    pixel = np.concatenate([whole, part])
    y, x = np.divmod(pixel, width)
    offset = (np.stack(np.divmod(columns, samples)) + 0.5) / samples
    middle = np.full(len(whole), 0.5)
    return (
        pixel,
        np.concatenate([block[0, inside], block[:, ~inside][columns, rows]]),
        x + np.concatenate([middle, offset[1]]),
        y + np.concatenate([middle, offset[0]]),
        np.concatenate([np.ones(len(whole)), np.full(len(part), 1 / samples**2)]).astype(np.float32),
        np.concatenate([np.ones(len(whole), bool), columns == samples**2 // 2]),
    )
