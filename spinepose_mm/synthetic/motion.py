"""Smooth motions: walking, lifting, bending, lying and others, as sequences of poses with a frame rate."""

from collections.abc import Mapping

import numpy as np
from scipy.interpolate import CubicSpline

from . import anatomy
from .body import AXES, SIDES, Body, Pose, forward, rest
from .motion_poses import MOTIONS

FRAME_RATE = 30.0


def sequence(
    name: str,
    body: Body,
    rng: np.random.Generator,
    seconds: float | None = None,
    frame_rate: float = FRAME_RATE,
    flat_feet: bool = False,
) -> Pose:
    """Make a motion of one person: smooth, within the joints' ranges, and standing on the ground.

    Args:
        name: name out of MOTIONS.
        body: the Body that moves.
        rng: NumPy random generator: it varies how far, how fast and from which point of the round, and the direction.
        seconds: length; one round by default.
        frame_rate: poses a second.
        flat_feet: whether the feet are kept level, as far as the joints go.

    Returns:
        dict: a pose, {axis: angles in shape (T,)} for all of AXES.

    Raises:
        ValueError: there is no motion of that name.
    """
    if name not in MOTIONS:
        raise ValueError(f'there is no motion {name!r}; there are {", ".join(MOTIONS)}')
    period, stations = MOTIONS[name]
    period = period * rng.uniform(0.75, 1.35)
    frames = max(2, round((seconds or period) * frame_rate))
    phase = (np.arange(frames) / frame_rate / period + rng.random()) % 1
    extent = rng.uniform(0.7, 1.1)
    knots = np.linspace(0, 1, len(stations) + 1)
    pose = rest(frames)
    for axis in AXES:
        values = np.array([_value(station, axis) for station in stations])
        if np.any(values) or axis.split('_')[0] not in ('pelvis',):
            # Each person does a motion a little differently.
            large = axis.startswith(tuple(anatomy.LIMB_RANGES))
            values = values * (extent if 'pelvis' not in axis else 1) + rng.normal(
                0, 3.0 if large else 0.06, len(values)
            )
            pose[axis] = CubicSpline(knots, np.append(values, values[0]), bc_type='periodic')(phase)
    if rng.random() < 0.5:
        pose = mirrored(pose)
    if flat_feet:
        _level_feet(pose)
    clip(pose)
    pose['pelvis_rotation'] = pose['pelvis_rotation'] + rng.uniform(0, 360)
    jump = pose['pelvis_ty'].clip(0)
    pose['pelvis_ty'] = jump + ground(body, {**pose, 'pelvis_ty': np.zeros(frames)})
    return pose


def _level_feet(pose: Pose) -> None:
    """Turn the ankles of a pose so that the feet are level, and the hips by what the ankles cannot, in place."""
    for side in SIDES:
        ankle, hip = f'ankle_dorsiflexion_{side}', f'hip_flexion_{side}'
        level = pose['pelvis_tilt'] + pose[f'knee_flexion_{side}'] - pose[hip]
        pose[ankle] = np.clip(level, *anatomy.LIMB_RANGES['ankle_dorsiflexion'])
        pose[hip] = pose[hip] + level - pose[ankle]


def _value(station: Mapping[str, float], axis: str) -> float:
    """Return the value of an axis in one of MOTIONS' poses."""
    for side in SIDES:
        if axis.endswith('_' + side):
            return station.get(axis, station.get(axis[: -len(side) - 1], 0.0))
    return station.get(axis, 0.0)


def mirrored(pose: Pose) -> Pose:
    """Return a pose with left and right exchanged."""
    swapped = {}
    for axis, values in pose.items():
        stem, _, side = axis.rpartition('_')
        if side in SIDES:
            swapped[f'{stem}_{"left" if side == "right" else "right"}'] = values
        else:
            away = axis.endswith(('_bending', '_rotation', '_list', '_tz'))
            swapped[axis] = -values if away else values
    return {axis: swapped[axis] for axis in AXES}


def clip(pose: Pose) -> None:
    """Keep each joint of a pose within its range, in place."""
    for joint, (low, high) in anatomy.LIMB_RANGES.items():
        for side in SIDES:
            pose[f'{joint}_{side}'] = np.clip(pose[f'{joint}_{side}'], low, high)
    for axis in AXES:
        if axis.split('_')[0] in anatomy.REGIONS.values():
            pose[axis] = np.clip(pose[axis], -1, 1)


def ground(body: Body, pose: Pose) -> np.ndarray:
    """Return how high the pelvis must be for the lowest point to touch the ground, in shape (T,), in metres."""
    return -body.lowest(forward(body, pose))
