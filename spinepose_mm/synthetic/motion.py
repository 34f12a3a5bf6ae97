"""Smooth motions: walking, lifting, bending, lying and others, as sequences of poses with a frame rate."""

from collections.abc import Mapping

import numpy as np
from scipy.interpolate import CubicSpline

from . import anatomy
from .body import AXES, SIDES, Body, Pose, forward, keypoints, rest

FRAME_RATE = 30.0
#: Each motion is a time for one round, in seconds, and the poses that are passed on it, after which it starts again.
#: A limb's axis without a side is that of both sides; `pelvis_ty` is a height above the ground contact, in metres.
#: Spine angles are parts of the joints' ranges. Poses of daily life and sport, by eye.
_STAND = {'shoulder_abduction': 6, 'elbow_flexion': 12}
_BENT_KNEES = {'hip_flexion': 35, 'knee_flexion': 50, 'ankle_dorsiflexion': 18}
_LYING = {'pelvis_tilt': -88, 'shoulder_abduction': 18, 'elbow_flexion': 15}
MOTIONS = {
    'stand': (
        4.0,
        [
            _STAND,
            {**_STAND, 'lumbar_bending': 0.15, 'cervical_rotation': 0.3},
            {**_STAND, 'lumbar_flexion': 0.1, 'cervical_flexion': 0.3, 'cervical_rotation': -0.3},
        ],
    ),
    'walk': (
        1.1,
        [
            {
                'hip_flexion_right': 28,
                'hip_flexion_left': -12,
                'knee_flexion_right': 5,
                'knee_flexion_left': 12,
                'shoulder_flexion_right': -20,
                'shoulder_flexion_left': 22,
                'elbow_flexion': 22,
                'thoracic_rotation': 0.25,
                'pelvis_rotation': 5,
            },
            {
                'hip_flexion_right': 8,
                'hip_flexion_left': 18,
                'knee_flexion_right': 12,
                'knee_flexion_left': 60,
                'elbow_flexion': 20,
                'pelvis_list': 3,
            },
            {
                'hip_flexion_right': -12,
                'hip_flexion_left': 28,
                'knee_flexion_right': 12,
                'knee_flexion_left': 5,
                'shoulder_flexion_right': 22,
                'shoulder_flexion_left': -20,
                'elbow_flexion': 22,
                'thoracic_rotation': -0.25,
                'pelvis_rotation': -5,
            },
            {
                'hip_flexion_right': 18,
                'hip_flexion_left': 8,
                'knee_flexion_right': 60,
                'knee_flexion_left': 12,
                'elbow_flexion': 20,
                'pelvis_list': -3,
            },
        ],
    ),
    'run': (
        0.75,
        [
            {
                'hip_flexion_right': 45,
                'hip_flexion_left': -20,
                'knee_flexion_right': 40,
                'knee_flexion_left': 30,
                'shoulder_flexion_right': -40,
                'shoulder_flexion_left': 40,
                'elbow_flexion': 90,
                'thoracic_rotation': 0.5,
                'lumbar_flexion': 0.15,
                'pelvis_tilt': 8,
                'pelvis_ty': 0.05,
            },
            {
                'hip_flexion_right': 15,
                'hip_flexion_left': 15,
                'knee_flexion_right': 35,
                'knee_flexion_left': 105,
                'elbow_flexion': 90,
                'lumbar_flexion': 0.15,
                'pelvis_tilt': 8,
            },
            {
                'hip_flexion_right': -20,
                'hip_flexion_left': 45,
                'knee_flexion_right': 30,
                'knee_flexion_left': 40,
                'shoulder_flexion_right': 40,
                'shoulder_flexion_left': -40,
                'elbow_flexion': 90,
                'thoracic_rotation': -0.5,
                'lumbar_flexion': 0.15,
                'pelvis_tilt': 8,
                'pelvis_ty': 0.05,
            },
            {
                'hip_flexion_right': 15,
                'hip_flexion_left': 15,
                'knee_flexion_right': 105,
                'knee_flexion_left': 35,
                'elbow_flexion': 90,
                'lumbar_flexion': 0.15,
                'pelvis_tilt': 8,
            },
        ],
    ),
    'jump': (
        2.0,
        [
            _STAND,
            {
                'hip_flexion': 85,
                'knee_flexion': 85,
                'ankle_dorsiflexion': 20,
                'shoulder_flexion': -40,
                'lumbar_flexion': 0.5,
                'thoracic_flexion': 0.3,
                'pelvis_tilt': 20,
            },
            {
                'shoulder_flexion': 165,
                'ankle_dorsiflexion': -35,
                'lumbar_flexion': -0.4,
                'thoracic_flexion': -0.3,
                'pelvis_ty': 0.45,
            },
            {**_BENT_KNEES, 'shoulder_flexion': 40, 'elbow_flexion': 30, 'lumbar_flexion': 0.3},
        ],
    ),
    'stretch': (
        5.0,
        [
            _STAND,
            {
                'shoulder_flexion': 172,
                'elbow_flexion': 5,
                'lumbar_flexion': -0.7,
                'thoracic_flexion': -0.8,
                'cervical_flexion': -0.5,
            },
            {'shoulder_abduction': 90, 'lumbar_flexion': -0.2, 'thoracic_flexion': -0.4},
            {
                'shoulder_flexion': 95,
                'elbow_flexion': 25,
                'thoracic_flexion': 0.9,
                'cervical_flexion': 0.6,
                'lumbar_flexion': 0.2,
            },
        ],
    ),
    'twist': (
        3.5,
        [
            {
                'shoulder_abduction': 75,
                'elbow_flexion': 50,
                'lumbar_rotation': 0.9,
                'thoracic_rotation': 0.8,
                'cervical_rotation': 0.3,
                'hip_abduction': 12,
            },
            {'shoulder_abduction': 60, 'elbow_flexion': 70, 'hip_abduction': 12},
            {
                'shoulder_abduction': 75,
                'elbow_flexion': 50,
                'lumbar_rotation': -0.9,
                'thoracic_rotation': -0.8,
                'cervical_rotation': -0.3,
                'hip_abduction': 12,
            },
            {'shoulder_abduction': 60, 'elbow_flexion': 70, 'hip_abduction': 12},
        ],
    ),
    'squat': (
        3.0,
        [
            {**_STAND, 'shoulder_flexion': 20, 'hip_abduction': 10},
            {
                'hip_flexion': 112,
                'knee_flexion': 112,
                'ankle_dorsiflexion': 20,
                'hip_abduction': 18,
                'shoulder_flexion': 85,
                'lumbar_flexion': 0.45,
                'thoracic_flexion': -0.1,
                'pelvis_tilt': 20,
                'cervical_flexion': -0.3,
            },
        ],
    ),
    'deadlift': (
        3.5,
        [
            {**_STAND, 'lumbar_flexion': -0.1},
            {
                'hip_flexion': 80,
                'knee_flexion': 35,
                'ankle_dorsiflexion': 8,
                'shoulder_flexion': 65,
                'lumbar_flexion': 0.45,
                'thoracic_flexion': 0.3,
                'pelvis_tilt': 62,
                'cervical_flexion': -0.6,
            },
            {
                'hip_flexion': 100,
                'knee_flexion': 70,
                'ankle_dorsiflexion': 16,
                'shoulder_flexion': 70,
                'lumbar_flexion': 0.8,
                'thoracic_flexion': 0.6,
                'pelvis_tilt': 50,
                'cervical_flexion': -0.2,
            },
        ],
    ),
    'sit': (
        5.0,
        [
            {'hip_flexion': 88, 'knee_flexion': 88, 'hip_abduction': 8, 'shoulder_flexion': 25, 'elbow_flexion': 70},
            {
                'hip_flexion': 75,
                'knee_flexion': 85,
                'hip_abduction': 10,
                'pelvis_tilt': -14,
                'lumbar_flexion': 0.8,
                'thoracic_flexion': 0.7,
                'cervical_flexion': 0.1,
                'shoulder_flexion': 30,
                'elbow_flexion': 80,
            },
            {
                'hip_flexion': 110,
                'knee_flexion': 95,
                'pelvis_tilt': 22,
                'lumbar_flexion': 0.5,
                'thoracic_flexion': 0.4,
                'shoulder_flexion': 60,
                'elbow_flexion': 40,
                'lumbar_bending': 0.4,
            },
        ],
    ),
    'side_bend': (
        4.0,
        [
            {**_STAND, 'hip_abduction': 10},
            {
                'lumbar_bending': 0.95,
                'thoracic_bending': 0.6,
                'cervical_bending': 0.5,
                'shoulder_abduction_left': 165,
                'shoulder_abduction_right': 10,
                'elbow_flexion': 20,
                'hip_abduction': 10,
            },
            {**_STAND, 'hip_abduction': 10},
            {
                'lumbar_bending': -0.95,
                'thoracic_bending': -0.6,
                'cervical_bending': -0.5,
                'shoulder_abduction_right': 165,
                'shoulder_abduction_left': 10,
                'elbow_flexion': 20,
                'hip_abduction': 10,
            },
        ],
    ),
    'lie': (
        6.0,
        [
            _LYING,
            {**_LYING, 'hip_flexion': 65, 'knee_flexion': 95, 'lumbar_flexion': 0.3, 'lumbar_rotation': 0.4},
            {
                **_LYING,
                'pelvis_rotation': 25,
                'hip_flexion_left': 40,
                'knee_flexion_left': 60,
                'thoracic_flexion': 0.5,
                'cervical_flexion': 0.7,
                'shoulder_flexion': 60,
            },
        ],
    ),
    'handstand': (
        4.0,
        [
            {
                'pelvis_tilt': 178,
                'shoulder_flexion': 172,
                'hip_flexion_right': 10,
                'hip_flexion_left': 5,
                'lumbar_flexion': -0.3,
            },
            {
                'pelvis_tilt': 172,
                'shoulder_flexion': 168,
                'hip_flexion_right': 55,
                'hip_flexion_left': -20,
                'knee_flexion_left': 25,
                'lumbar_flexion': -0.6,
                'thoracic_flexion': -0.3,
                'hip_abduction': 12,
            },
            {'pelvis_tilt': 182, 'shoulder_flexion': 170, 'hip_abduction': 35, 'lumbar_bending': 0.3},
        ],
    ),
}


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
    parts = forward(body, pose)
    # Half the thickness of what may touch it: soles are thin, the trunk is not.
    trunk = [parts[name][0][:, 1] - 0.07 * body.height for name in ('pelvis', 'L3', 'T8', 'T3')]
    hands = [parts[f'wrist_{side}'][0][:, 1] - 0.06 * body.height for side in SIDES]
    points = keypoints(body, parts)[..., 1].min(axis=1) - anatomy.SOLE * body.height
    return -np.minimum.reduce([*trunk, *hands, points])
