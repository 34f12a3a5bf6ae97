"""Where this project's skeleton lies in a shape: the frame of each body part, and what each moves of the skin.

Depths of the vertebral bodies' centres under the skin of the back's midline are sums of the depth of the epidural space
or of the transverse processes, the canal's diameter and half the body's, of adults:
    [1] Skin to epidural space: C5-6 4.4, C6-7 4.9, C7-T1 5.3 cm (Han et al. 2003, Reg Anesth Pain Med 28:95-97, 816
        people); T1-2 5.4, T2-3 4.7 cm (Aldrete et al. 1998, J Clin Anesth 10:309-13); L3-4 5.7 cm
        (doi 10.21203/rs.3.rs-6675174, 227 people).
    [2] Skin to transverse processes: L1 4.5, L3 5.3, L5 5.9 cm (Yoon et al. 2020, Integr Med Res).
    [3] Canal, from front to back: 1.45 cm at C5 to 1.74 at S1 (Park et al. 2012, doi 10.14245/kjs.2012.9.3.165).
    [4] Vertebral bodies, from front to back: L5 3.5 cm (as tabulated by ijssurgery.com); cervical ones 1.6, thoracic
        ones 2 to 3 (chosen).
Where no source is named, the value was chosen by eye on the drawn mesh.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator
from scipy.ndimage import gaussian_filter1d

from . import anatomy
from .body import SIDES, Parts
from .shapes import Shape, topology

#: Depth of the vertebral body under the skin, metres, at the stature and stoutness below: [1]-[4] from C7 to T3 and
#: from L1 to L5, in between and above chosen. S1 is the middle of the sacrum, which lies right under the skin.
DEPTHS = dict(S1=0.060, L5=0.084, L3=0.082, L1=0.072, T8=0.070, T3=0.073, C7=0.078, C4=0.066, C1=0.070)
STATURE, STOUTNESS = 1.69, 0.126  # of average adults; trunk from back to front at L3, as a part of the stature
#: Powers of a person's stoutness, relative to the average, that the depths grow with: of the lumbar levels, the others.
GROWTH = {'L': 0.5, 'S': 0.5, 'T': 0.3, 'C': 0.15}
C1_BELOW_EYES = 0.48  # of the height from the eyes to the top of the head (`anatomy.POINTS`: 31 of 65)
HIP_INWARD = 0.8  # the mesh's hip is the middle of the thigh; the joint's centre lies nearer to the midline
ACROMION = 0.022  # how high the outer end of the collarbone is above the shoulder's joint, of the stature
MIDLINE = 0.014  # half the breadth of the strip that counts as the midline, of the stature
SPREAD = 0.85  # standard deviation of a vertebra's hold on the skin, in distances between vertebrae
#: Parts that the skin hangs on, each with the one that it is blended with.
PARENTS: dict[str, str] = {
    'pelvis': 'pelvis',
    **{name: below for below, name in zip(('pelvis', *anatomy.VERTEBRAE), anatomy.VERTEBRAE)},
    'head': 'C1',
    **{
        f'{part}_{side}': parent if parent == 'pelvis' or parent == 'T3' else f'{parent}_{side}'
        for side in SIDES
        for part, parent in (
            ('clavicle', 'T3'),
            ('scapula', 'clavicle'),
            ('upper_arm_near', 'scapula'),
            ('upper_arm', 'upper_arm_near'),
            ('forearm', 'upper_arm'),
            ('forearm_far', 'forearm'),
            ('hand', 'forearm_far'),
            ('thigh_near', 'pelvis'),
            ('thigh', 'thigh_near'),
            ('shank', 'thigh'),
            ('foot', 'shank'),
        )
    },
}
PARTS = tuple(PARENTS)
#: {beginning of a bone's name: part that its skin hangs on}; '.L' and '.R' give the side. 'spine' is shared out.
_BONES = {
    'root': 'pelvis',
    'pelvis': 'pelvis',
    'spine': 'spine',
    'neck': 'spine',
    'clavicle': 'clavicle',
    'shoulder01': 'scapula',
    'upperarm01': 'upper_arm_near',
    'upperarm02': 'upper_arm',
    'lowerarm01': 'forearm',
    'lowerarm02': 'forearm_far',
    'wrist': 'hand',
    'metacarpal': 'hand',
    'finger': 'hand',
    'upperleg01': 'thigh_near',
    'upperleg02': 'thigh',
    'lowerleg': 'shank',
    'foot': 'foot',
    'toe': 'foot',
}


def bone_part(bone: str) -> str:
    """Return the part out of PARTS that a bone of the mesh belongs to, or 'spine'; what is not listed is the head."""
    stem, _, side = bone.partition('.')
    part = next((part for name, part in _BONES.items() if stem.startswith(name)), 'head')
    whole = part in ('pelvis', 'spine', 'head')
    return part if whole else f'{part}_{"left" if side == "L" else "right"}'


def spine_curve(shape: Shape) -> dict[str, np.ndarray]:
    """Return the places of S1 and the vertebrae in a shape, {level: (3,)}, by the depths of DEPTHS."""
    stature, vertices = shape.stature, shape.vertices
    hip, eye, top = shape.joints['upperleg01.R'][1], shape.joints['eye.R'][1], vertices[:, 1].max()
    bottom = hip + anatomy.SACRUM[1] * stature
    upper = eye - C1_BELOW_EYES * (top - eye)
    heights = np.linspace(bottom, upper, 40)
    line = vertices[np.abs(vertices[:, 2]) < MIDLINE * stature]
    near = [line[np.abs(line[:, 1] - height) < 0.016 * stature, 0] for height in heights]
    back = gaussian_filter1d([xs.min() for xs in near], 1.5, mode='nearest')
    spacing = np.array([anatomy.VERTEBRA_HEIGHT[name[0]] for name in anatomy.VERTEBRAE])
    along = np.concatenate([[0], np.cumsum(spacing) / spacing.sum()])
    share = dict(zip(('S1', *anatomy.VERTEBRAE), along))
    waist = float(np.ptp(near[int(share['L3'] * 39)])) / stature / STOUTNESS
    depths = [depth * stature / STATURE * waist ** GROWTH[name[0]] for name, depth in DEPTHS.items()]
    at = bottom + (upper - bottom) * np.array([share[name] for name in DEPTHS])
    curve = CubicSpline(at, np.interp(at, heights, back) + depths)
    fine = np.linspace(bottom, upper, 500)
    points = np.stack([curve(fine), fine, np.zeros_like(fine)], axis=-1)
    arc = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    places = PchipInterpolator(arc, points)(along * arc[-1])
    return dict(zip(share, places))


def frames(shape: Shape) -> Parts:
    """Return the Place (3,), (3, 3) of each of PARTS, and of 'S1', 'ribs' and 'shoulders', in a shape as it stands."""
    joints = shape.joints
    hips = {side: joints[f'upperleg01.{side[0].upper()}'] * [1, 1, HIP_INWARD] for side in SIDES}
    middle, level = (hips['right'] + hips['left']) / 2, np.eye(3)
    places: Parts = {'pelvis': (middle, level)}
    curve = spine_curve(shape)
    below = None
    for name, place in curve.items():
        up = place - below if below is not None else curve['L5'] - place
        places[name] = place, _upright(up, np.array([0, 0, 1.0]))
        below = place
    places.update({part: (curve[name], level) for name, part in (('T8', 'ribs'), ('T3', 'shoulders'), ('C1', 'head'))})
    for side, sign in SIDES.items():
        s = side[0].upper()
        shoulder, elbow, wrist = (joints[f'{name}.{s}'] for name in ('upperarm01', 'lowerarm01', 'wrist'))
        knee, ankle = joints[f'lowerleg01.{s}'], joints[f'foot.{s}']
        hinge = np.cross(shoulder - elbow, elbow - wrist)  # elbows of the mesh are bent
        across = joints[f'finger2-1.{s}'] - joints[f'finger5-1.{s}']
        upper_arm, forearm = _upright(shoulder - elbow, hinge), _upright(elbow - wrist, hinge)
        thigh = _upright(hips[side] - knee, np.array([0, 0, 1.0]))
        found = dict(
            clavicle=(joints[f'clavicle.{s}'], level),
            scapula=(shoulder + [0, ACROMION * shape.stature, 0], level),
            upper_arm_near=(shoulder, upper_arm),
            upper_arm=(shoulder, upper_arm),
            forearm=(elbow, forearm),
            forearm_far=(elbow, forearm),
            hand=(wrist, _upright(wrist - joints[f'finger3-1.{s}'], sign * across)),
            thigh_near=(hips[side], thigh),
            thigh=(hips[side], thigh),
            shank=(knee, _upright(knee - ankle, np.array([0, 0, 1.0]))),
            foot=(ankle, level),
        )
        places.update({f'{part}_{side}': place for part, place in found.items()})
    return places


def skin_weights(shape: Shape, places: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return how much each of PARTS moves each vertex, (V, P), float32: each row sums to 1.

    Limbs and head have the mesh's own weights. Those of its spine and neck are shared among pelvis and vertebrae by the
    height along the bound curve, the more widely the farther in front of it a vertex lies: belly and breastbone do not
    hang on a single vertebra.
    """
    spine, weights = _own_weights()
    weights = weights.copy()
    trunk = np.flatnonzero(spine > 0)
    levels = ('S1', *anatomy.VERTEBRAE)
    curve = np.array([places[name][0] for name in levels])
    gaps = np.linalg.norm(np.diff(curve, axis=0), axis=1)
    arc = np.concatenate([[0], np.cumsum(gaps)])
    height = shape.vertices[trunk, 1]
    along = np.interp(height, curve[:, 1], arc) + np.minimum(height - curve[0, 1], 0)
    ahead = np.abs(shape.vertices[trunk, 0] - np.interp(height, curve[:, 1], curve[:, 0])) / shape.stature
    wider = 1 + 20 * np.maximum(ahead - 0.04, 0) * np.clip(along / arc[2], 0, 1)
    distance = along[:, None] - arc
    distance[:, 0] = np.maximum(distance[:, 0], 0)  # all below S1 is the pelvis's
    kernel = np.exp(-0.5 * (distance / (SPREAD * np.concatenate([gaps[:1], gaps]) * wider[:, None])) ** 2)
    kernel /= kernel.sum(1, keepdims=True)
    columns = np.array([PARTS.index(name) for name in ('pelvis', *anatomy.VERTEBRAE)])
    weights[trunk[:, None], columns] += kernel * spine[trunk, None]
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)


@cache
def _own_weights() -> tuple[np.ndarray, np.ndarray]:
    """Return the mesh's own weights: of its spine and neck (V,), and of each of PARTS (V, P)."""
    mesh = topology()
    parts = [bone_part(name) for name in mesh.names]
    to_part = np.zeros((len(parts), len(PARTS) + 1), np.float32)
    to_part[np.arange(len(parts)), [PARTS.index(part) if part in PARTS else len(PARTS) for part in parts]] = 1
    weights = np.einsum('vk,vkp->vp', mesh.weights, to_part[mesh.bones])
    return weights[:, -1], weights[:, :-1]


def _upright(up: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the frame whose y axis points along `up` and whose z axis is as near to `right` as that lets it be."""
    y = up / np.linalg.norm(up)
    z = right - (right @ y) * y
    z = z / np.linalg.norm(z)
    return np.stack([np.cross(y, z), y, z], axis=-1)
