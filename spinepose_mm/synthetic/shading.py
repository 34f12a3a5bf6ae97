"""An image of surfaces in a place: linear radiance, before the camera's lens and sensor."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from spinepose_mm.structures.camera import Camera

from .environment import Environment
from .light import Light
from .mesh import UNOWNED, Joined, covering, face_normals, unit, vertex_normals
from .raster import Samples
from .rays import place_of, to_ground, view_rays
from .shadows import GroundShade, openness, sun_shadow

_SPACING = 0.03  # metres between the points that stand for large faces in shadows
_THIN = 4  # of so many points one is enough for ambient occlusion
_FAR = 60.0  # metres; shadows beyond are too small to see
_BUMP_SCALE = 45.0  # cells of noise a metre
_MIRROR = 0.04  # what skin, cloth and plastic reflect of light that falls straight on them


@dataclass
class Layers:
    """An image in layers, linear RGB, float32.

    Attributes:
        front: radiance of the surfaces, times `cover`, in shape (H, W, 3).
        cover: share of each pixel that surfaces take, in shape (H, W).
        back: radiance of the background, in shape (H, W, 3).
        owner: number of the person that a pixel shows, UNOWNED for others, in shape (H, W), int32.
        depth: along the camera's z axis to the surfaces, metres, infinite where there are none, in shape (H, W).
        flow: velocity of the surfaces in the image, pixels a second, in shape (H, W, 2).
        far: distance of the background, metres, in shape (H, W).
    """

    front: np.ndarray
    cover: np.ndarray
    back: np.ndarray
    owner: np.ndarray
    depth: np.ndarray
    flow: np.ndarray
    far: np.ndarray


def shade(mesh: Joined, seen: Samples, camera: Camera, environment: Environment) -> Layers:
    """Return the Layers of a mesh in a place.

    Args:
        mesh: Joined surfaces.
        seen: its Samples.
        camera: a Camera.
        environment: an Environment.
    """
    light = environment.light
    facing = face_normals(mesh.vertices, mesh.faces)
    areas = np.sqrt((facing**2).sum(axis=0)) / 2
    points = covering(mesh.vertices, mesh.faces, areas, _SPACING)
    w, h = camera.size
    place, rays = place_of(camera), view_rays(camera)
    far = np.minimum(to_ground(place, rays), 100).astype(np.float32)
    back = environment.background(place, rays)
    _shade_ground(back, points, light, place, rays, far)
    normals = vertex_normals(mesh.vertices, mesh.faces, facing)
    colors, flow = _radiance(mesh, seen, normals, points, light, camera)
    front, cover = _gather(seen, colors, (h, w)), _gather(seen, None, (h, w))
    owner, depth = np.full(h * w, UNOWNED, np.int32), np.full(h * w, np.inf, np.float32)
    moving = np.zeros((h * w, 2), np.float32)
    pixel = seen.pixel[seen.main]
    owner[pixel], depth[pixel] = mesh.owner[seen.face[seen.main]], seen.depth[seen.main]
    moving[seen.pixel] = flow
    return Layers(front, cover[..., 0], back, owner.reshape(h, w), depth.reshape(h, w), moving.reshape(h, w, 2), far)


def _gather(seen: Samples, values: np.ndarray | None, shape: tuple[int, int]) -> np.ndarray:
    """Return the sums of weighted values, or of the weights, by pixel, in shape (H, W, C)."""
    columns = [seen.weight] if values is None else [seen.weight * column for column in values.T]
    sums = [np.bincount(seen.pixel, column, shape[0] * shape[1]) for column in columns]
    return np.stack(sums, axis=-1).astype(np.float32).reshape(*shape, -1)


def _radiance(
    mesh: Joined, seen: Samples, normals: np.ndarray, points: np.ndarray, light: Light, camera: Camera
) -> tuple[np.ndarray, np.ndarray]:
    """Return the radiance (S, 3) and the velocity in the image (S, 2) of samples."""
    corners = mesh.faces[seen.face]
    flags = np.zeros(len(mesh.vertices), bool)
    flags[corners.ravel()] = True
    used = np.flatnonzero(flags)
    open_to = np.zeros(len(mesh.vertices), np.float32)
    thin = np.ascontiguousarray(points[:, ::_THIN])
    open_to[used] = openness(thin, light, *(np.ascontiguousarray(a[used].T) for a in (mesh.vertices, normals)))
    attributes = np.concatenate([normals, mesh.rest, open_to[:, None], mesh.velocity], axis=1)
    mixed = np.zeros((len(corners), attributes.shape[1]), np.float32)
    for i in range(3):
        mixed += attributes[corners[:, i]] * seen.corners[:, i : i + 1]
    at = place_of(camera) + seen.ray * seen.depth[:, None]
    toward = -unit(seen.ray)
    normal = _facing(unit(mixed[:, :3]), toward)
    albedo, roughness, bump = _materials(mesh, seen, mixed[:, 3:6])
    normal = unit(normal + bump[:, None] * bumps(mixed[:, 3:6]))
    lit = sun_shadow(points, light, at.T, normal.T) if light.sun.any() else np.zeros(len(at), np.float32)
    colors = _reflected(light, normal, toward, albedo, roughness, mixed[:, 6], lit)
    local, moved = at @ camera.R.T + camera.t, mixed[:, 7:] @ camera.R.T
    flow = (moved[:, :2] - local[:, :2] / local[:, 2:] * moved[:, 2:]) / local[:, 2:] * np.diag(camera.K)[:2]
    return colors, flow.astype(np.float32)


def _facing(normal: np.ndarray, toward: np.ndarray) -> np.ndarray:
    """Return normals that face the camera.

    Those of the inner side of cloth are turned around. A smooth normal may face away by a little at an outline, where
    it would be black: it is bent.
    """
    away = np.einsum('si,si->s', normal, toward)
    inner = away < -0.3
    normal, away = np.where(inner[:, None], -normal, normal), np.where(inner, -away, away)
    return unit(normal + np.maximum(0.02 - away, 0)[:, None] * toward)


def _materials(mesh: Joined, seen: Samples, rest: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return albedo (S, 3), roughness and bump (S,) of samples."""
    kind = mesh.material[seen.face]
    albedo = np.zeros((len(kind), 3), np.float32)
    for number in np.unique(kind):
        which = np.flatnonzero(kind == number)
        albedo[which] = mesh.materials[number](rest[which])
    roughness = np.array([material.roughness for material in mesh.materials], np.float32)
    bump = np.array([material.bump for material in mesh.materials], np.float32)
    return albedo, roughness[kind], bump[kind]


@lru_cache(maxsize=1)
def _lattice() -> np.ndarray:
    """Return random vectors on a lattice, in shape (64 ** 3, 3)."""
    return np.random.default_rng(64).normal(0, 1, (64**3, 3)).astype(np.float32)


def bumps(rest: np.ndarray) -> np.ndarray:
    """Return smooth random vectors, of a deviation of about 0.5, at rest positions in shape (N, 3)."""
    at = rest * np.float32(_BUMP_SCALE)
    cell = np.floor(at)
    part = at - cell
    part = part * part * (3 - 2 * part)
    low = cell.astype(np.int32) & 63
    high = (low + 1) & 63
    total = np.zeros_like(at)
    lattice = _lattice()
    for corner in range(8):
        weight = np.ones(len(at), np.float32)
        index = np.zeros(len(at), np.int32)
        for axis in range(3):
            upper = corner >> axis & 1
            weight *= part[:, axis] if upper else 1 - part[:, axis]
            index = index * 64 + (high if upper else low)[:, axis]
        total += lattice[index] * weight[:, None]
    return total


def _reflected(
    light: Light,
    normal: np.ndarray,
    toward: np.ndarray,
    albedo: np.ndarray,
    roughness: np.ndarray,
    open_to: np.ndarray,
    lit: np.ndarray,
) -> np.ndarray:
    """Return the radiance towards the camera: Lambert's, and a highlight as Blinn and Phong have it."""
    top = light.direction.astype(np.float32)
    sun = (light.sun / np.pi).astype(np.float32)
    facing = np.maximum(normal @ top, 0) * lit
    # Light that is kept away comes back from what keeps it away, in its colour: Jimenez et al., "Practical realtime
    # strategies for accurate indirect occlusion" (2016), simplified to the mean albedo.
    bright = albedo.mean(axis=1)
    kept = open_to + (1 - open_to) * bright * 0.5
    smooth = light.irradiance(normal) * kept[:, None] / np.float32(np.pi)
    result = albedo * (smooth + facing[:, None] * sun)
    across = 1 - np.maximum(np.einsum('si,si->s', normal, toward), 0)
    mirror = (_MIRROR + (1 - _MIRROR) * across**5 * (1 - roughness)) * (1 - 0.7 * roughness)
    mirrored = 2 * np.einsum('si,si->s', normal, toward)[:, None] * normal - toward
    result += light.irradiance(mirrored) / np.float32(np.pi) * (mirror * open_to**2)[:, None]
    half = unit(toward + top)
    power = 2 / np.maximum(roughness, 0.15) ** 4
    lobe = np.maximum(np.einsum('si,si->s', normal, half), 0) ** power * (power + 8) / 8
    result += (mirror * lobe * facing)[:, None] * sun
    return result


def _shade_ground(
    back: np.ndarray, points: np.ndarray, light: Light, place: np.ndarray, rays: np.ndarray, far: np.ndarray
) -> None:
    """Darken the ground where surfaces keep the light away, in place."""
    ambient = light.irradiance(np.array([[0.0, 1, 0]]))[0]
    direct = light.sun * max(light.direction[1], 0)
    share = direct / np.maximum(ambient + direct, 1e-9)
    shades = [(GroundShade.of_all(points, light), 1 - share)]
    if direct.any():
        shades.append((GroundShade.of_sun(points, light), share))
    x, z = place[0] + rays[..., 0] * far, place[2] + rays[..., 2] * far
    low = np.min([shade.low for shade, _ in shades], axis=0)
    high = np.max([shade.low + np.multiply(shade.kept.shape, shade.cell) for shade, _ in shades], axis=0)
    near = (far < _FAR) & (x > low[0]) & (x < high[0]) & (z > low[1]) & (z < high[1])
    if not near.any():
        return
    part = tuple(slice(n[0], n[-1] + 1) for n in (np.flatnonzero(near.any(axis=axis)) for axis in (1, 0)))
    shares = [shade.at(x[part], z[part]) for shade, _ in shades]
    out = ~near[part]
    for share_of in shares:
        share_of[out] = 1
    weights = [weight.astype(np.float32) for _, weight in shades]
    # Channel by channel: NumPy is slow where the last axis is short.
    back[part] *= cv2.merge([sum(a * w[channel] for a, w in zip(shares, weights)) for channel in range(3)])
