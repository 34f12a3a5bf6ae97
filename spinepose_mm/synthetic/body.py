"""A jointed body with a whole spine: shapes, and forward kinematics from joint angles to the 37 keypoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import Rotation

from spinepose_mm import skeleton

from . import anatomy
from .posture import turned

SIDES = {'right': 1.0, 'left': -1.0}
SPINE_AXES = ('flexion', 'bending', 'rotation')
#: Every number that a pose has. Angles are in degrees, translations in metres; those of the spine's regions are parts,
#: from -1 to 1, of what each of the region's joints can do.
AXES = (
    'pelvis_tx',
    'pelvis_ty',
    'pelvis_tz',
    'pelvis_tilt',
    'pelvis_list',
    'pelvis_rotation',
    *(f'{region}_{axis}' for region in anatomy.REGIONS.values() for axis in SPINE_AXES),
    *(f'{joint}_{side}' for side in SIDES for joint in anatomy.LIMB_RANGES),
)

HANGING = (30.0, 90.0)  # degrees: an arm that is raised by less hangs, one by more does not

#: {axis: values in shape (T,)} for all of AXES.
Pose = dict[str, np.ndarray]
#: Position (T, 3) and rotation (T, 3, 3) of a body part; of one frame (3,) and (3, 3).
Place = tuple[np.ndarray, np.ndarray]
#: {body part: its Place}.
Parts = dict[str, Place]


@dataclass
class Body:
    """The shape of a person.

    Attributes:
        height: metres.
        build: girth relative to the average of that height.
        lordosis, kyphosis: Cobb angles of the standing posture, T12-S1 and T4-T12, in degrees. T12 then stands
            straight on L1, so that the lordosis L1-S1 is the same.
        lengths: {segment: factor} on the average lengths, among them the breadth of shoulders and hips.
    """

    height: float = 1.75
    build: float = 1.0
    lordosis: float = anatomy.LORDOSIS[0]
    kyphosis: float = anatomy.KYPHOSIS[0]
    lengths: dict[str, float] = field(default_factory=dict)

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Body:
        """Draw a woman or a man: heights as of adults in Europe, curves as of healthy adults."""
        female = bool(rng.random() < 0.5)
        height = float(np.clip(rng.normal(1.64 if female else 1.77, 0.07), 1.45, 2.05))
        lengths = {
            name: float(np.clip(rng.normal(1, 0.03), 0.93, 1.07))
            for name in ('spine', 'neck', 'upper_arm', 'forearm', 'thigh', 'shank', 'foot', 'shoulder', 'hip', 'head')
        }
        lengths['shoulder'] *= 0.94 if female else 1.03
        lengths['hip'] *= 1.06 if female else 0.97
        far = anatomy.MAX_DEVIATIONS
        lordosis, kyphosis = (
            float(mean + deviation * np.clip(rng.normal(), -far, far))
            for mean, deviation in (anatomy.LORDOSIS, anatomy.KYPHOSIS)
        )
        return cls(height, float(rng.uniform(0.88, 1.22)), lordosis, kyphosis, lengths)

    def stature(self) -> float:
        """Return how tall the body stands, from the soles to the top of the head, in metres.

        It differs from `height`, which is of average proportions, by the factors of `lengths`.
        """
        heights = keypoints(self, forward(self, rest()))[..., 1]
        return float(np.ptp(heights) + anatomy.SOLE * self.height)

    def length(self, part: float, segment: str) -> float:
        """Return `part` of the height, varied by the factor of `segment`, in metres."""
        return part * self.height * self.lengths.get(segment, 1.0)

    def point(self, name: str) -> tuple[str, np.ndarray]:
        """Return (body part, position in its frame in metres) of one of `anatomy.POINTS`, for the right side."""
        part, position = anatomy.POINTS[name]
        segment = {'shoulders': 'shoulder', 'ribs': 'shoulder', 'pelvis': 'hip'}.get(part, part)
        return part, np.array(position) * self.length(1.0, segment)

    def neutral_flexion(self) -> dict[str, float]:
        """Return how far each vertebra is flexed on the one below when standing, in degrees; extension is negative."""
        angles = {name: -share * self.lordosis for name, share in anatomy.LORDOSIS_SHARES.items()}
        angles['T12'] = 0.0
        angles.update({f'T{i}': self.kyphosis / 8 for i in range(4, 12)})
        angles.update({f'T{i}': anatomy.UPPER_THORACIC / 3 for i in range(1, 4)})
        angles['C7'] = 0.0
        angles.update({f'C{i}': -anatomy.CERVICAL_LORDOSIS / 5 for i in range(2, 7)})
        angles['C1'] = 0.0
        return angles

    def vertebra_heights(self) -> dict[str, float]:
        """Return the distance of each vertebra's centre from the one below, in metres.

        They are scaled so that C7 stands at its height above S1 when the curved spine is upright.
        """
        heights = {name: anatomy.VERTEBRA_HEIGHT[name[0]] for name in anatomy.VERTEBRAE}
        chord = float(np.linalg.norm(self._standing(heights)['C7']))
        scale = self.length(anatomy.C7_HEIGHT - anatomy.S1_HEIGHT, 'spine') / chord
        neck = self.lengths.get('neck', 1.0)
        return {name: height * scale * (neck if name[0] == 'C' else 1.0) for name, height in heights.items()}

    def segment(self, name: str) -> float:
        """Return the length of 'upper_arm', 'forearm', 'thigh' or 'shank', in metres."""
        return self.length(getattr(anatomy, name.upper()), name)

    def sacrum(self) -> np.ndarray:
        """Return where S1 is in the pelvis's frame, (3,), in metres."""
        return self.length(1.0, 'hip') * np.array(anatomy.SACRUM)

    def standing_angles(self) -> dict[str, np.ndarray]:
        """Return {vertebra: flexion, bending to the right and rotation to the left on the one below (3,)}, degrees."""
        return {name: np.array([flexion, 0.0, 0.0]) for name, flexion in self.neutral_flexion().items()}

    def leveling(self, vertebra: str) -> np.ndarray:
        """Return the turn (3, 3) from a vertebra to what is level there when standing: ribs, shoulders or head."""
        return _euler('Z', np.array([self.inclination(vertebra)]))[0]

    def girdle(self, parts: Parts, side: str, arm: np.ndarray) -> Parts:
        """Return the places of what carries an arm: here 'shoulder_…', the joint, which stands still on the trunk.

        Args:
            parts: the Parts of the trunk.
            side: 'right' or 'left'.
            arm: rotation of the upper arm, (T, 3, 3).
        """
        part, offset = self.point('shoulder')
        return {f'shoulder_{side}': _child(parts[part], offset * [1, 1, SIDES[side]])}

    def clearance(self) -> float:
        """Return how far arms that hang are abducted at least, to clear the hips, in degrees: here they need not."""
        return anatomy.LIMB_RANGES['shoulder_abduction'][0]

    def lowest(self, parts: Parts) -> np.ndarray:
        """Return the height of the lowest point of a placed body, in shape (T,), in metres."""
        # Half the thickness of what may touch the ground: soles are thin, the trunk is not.
        trunk = [parts[name][0][:, 1] - 0.07 * self.height for name in ('pelvis', 'L3', 'T8', 'T3')]
        hands = [parts[f'wrist_{side}'][0][:, 1] - 0.06 * self.height for side in SIDES]
        points = keypoints(self, parts)[..., 1].min(axis=1) - anatomy.SOLE * self.height
        return np.minimum.reduce([*trunk, *hands, points])

    def sacral_slope(self) -> float:
        """Return how far S1 is tilted forward when standing, so that C7 is right above it, in degrees."""
        x, y = self._standing({name: anatomy.VERTEBRA_HEIGHT[name[0]] for name in anatomy.VERTEBRAE})['C7']
        return float(np.degrees(np.arctan2(-x, y)))

    def inclination(self, vertebra: str) -> float:
        """Return how far a vertebra leans forward when standing, in degrees."""
        below = anatomy.VERTEBRAE[: anatomy.VERTEBRAE.index(vertebra) + 1]
        return self.sacral_slope() + sum(angle for name, angle in self.neutral_flexion().items() if name in below)

    def _standing(self, heights: Mapping[str, float]) -> dict[str, np.ndarray]:
        """Return {vertebra: (x, y)} of the standing spine on an S1 that is not tilted."""
        angle, places = 0.0, {}
        position: np.ndarray = np.zeros(2)
        for name, flexion in ((name, self.neutral_flexion()[name]) for name in anatomy.VERTEBRAE):
            angle += np.radians(flexion)
            position = position + heights[name] * np.array([np.sin(angle), np.cos(angle)])
            places[name] = position
        return places


def rest(frames: int = 1) -> Pose:
    """Return the pose of upright standing: {axis: zeros in shape (T,)} for all of AXES."""
    return {axis: np.zeros(frames) for axis in AXES}


def spine_angles(pose: Pose) -> dict[str, np.ndarray]:
    """Return {vertebra: angles in shape (T, 3)} that a pose adds to the neutral spine, in degrees.

    The last axis is flexion, bending to the right, and rotation to the left, of each vertebra on the one below, and of
    the skull, 'C0', on C1. No joint leaves its range, and each region's motion is shared as its joints' ranges are.
    """
    angles = {}
    for name, (both, side, turn) in anatomy.RANGES.items():
        region = anatomy.REGIONS[name[0]]
        flexion, bending, rotation = (np.clip(pose[f'{region}_{axis}'], -1, 1) for axis in SPINE_AXES)
        share = anatomy.FLEXION_SHARE[name[0]]
        angles[name] = np.stack(
            [flexion * both * np.where(flexion > 0, share, 1 - share), bending * side, rotation * turn], axis=-1
        )
    return angles


def forward(body: Body, pose: Pose) -> Parts:
    """Place all parts of a body.

    Args:
        body: a Body.
        pose: {axis: angles in shape (T,)} for all of AXES.

    Returns:
        dict: {part: (position in shape (T, 3), rotation in shape (T, 3, 3))} in world space: metres, Y up. The parts
        are 'pelvis', 'S1', the vertebrae; 'ribs', 'shoulders' and 'head', at T8, T3 and C1, but level when standing;
        and per side 'upper_arm_right', 'forearm_…', 'wrist_…', 'thigh_…', 'shank_…' and 'foot_…', each with its upper
        joint as its position, and what `Body.girdle` returns.
    """
    frames = len(pose['pelvis_tx'])
    turn = _euler('YXZ', pose['pelvis_rotation'], pose['pelvis_list'], -pose['pelvis_tilt'])
    parts = {'pelvis': (np.stack([pose['pelvis_tx'], pose['pelvis_ty'], pose['pelvis_tz']], axis=-1), turn)}
    place, turn = _child(parts['pelvis'], body.sacrum(), _euler('Z', np.full(frames, -body.sacral_slope())))
    parts['S1'] = place, turn
    neutral, heights, moved = body.standing_angles(), body.vertebra_heights(), spine_angles(pose)
    for name in anatomy.VERTEBRAE:
        turn = turn @ turned(moved[name] + neutral[name])
        place = place + turn @ np.array([0, heights[name], 0])
        parts[name] = place, turn
    for level, name in (('T8', 'ribs'), ('T3', 'shoulders'), ('C1', 'head')):
        parts[name] = _child(parts[level], np.zeros(3), body.leveling(level))
    parts['head'] = _child(parts['head'], np.zeros(3), turned(moved['C0']))
    for side in SIDES:
        _add_limbs(parts, body, pose, side)
    return parts


def _add_limbs(parts: Parts, body: Body, pose: Pose, side: str) -> None:
    sign = SIDES[side]
    mirror = np.array([1, 1, sign])

    def axis(name: str) -> np.ndarray:
        return pose[f'{name}_{side}']

    # The angles of a shoulder are to the trunk, whatever the shoulder blade does.
    flexion, abduction = axis('shoulder_flexion'), axis('shoulder_abduction')
    hanging = np.interp(np.hypot(flexion, abduction), HANGING, (1, 0))
    abduction = abduction + hanging * np.maximum(body.clearance() - abduction, 0)
    arm = parts['shoulders'][1] @ _euler('ZXY', flexion, -sign * abduction, -sign * axis('shoulder_rotation'))
    parts.update(body.girdle(parts, side, arm))
    upper = parts[f'shoulder_{side}'][0], arm
    elbow = _child(upper, [0, -body.segment('upper_arm'), 0], _euler('Z', axis('elbow_flexion')))
    wrist = _child(elbow, [0, -body.segment('forearm'), 0])
    part, offset = body.point('hip')
    thigh = _child(
        parts[part],
        offset * mirror,
        _euler('ZXY', axis('hip_flexion'), -sign * axis('hip_abduction'), sign * axis('hip_rotation')),
    )
    knee = _child(thigh, [0, -body.segment('thigh'), 0], _euler('Z', -axis('knee_flexion')))
    ankle = _child(knee, [0, -body.segment('shank'), 0], _euler('Z', axis('ankle_dorsiflexion')))
    parts.update(
        {
            f'{name}_{side}': frame
            for name, frame in (
                ('upper_arm', upper),
                ('forearm', elbow),
                ('wrist', wrist),
                ('thigh', thigh),
                ('shank', knee),
                ('foot', ankle),
            )
        }
    )


def keypoints(body: Body, parts: Parts) -> np.ndarray:
    """Return the keypoints of a placed body in shape (T, 37, 3), in metres."""
    points = {skeleton.LEVELS[level]: parts[level][0] for level in skeleton.LEVELS}
    for side, sign in SIDES.items():
        joints = dict(elbow='forearm', wrist='wrist', knee='shank', ankle='foot')
        points.update({f'{side}_{name}': parts[f'{part}_{side}'][0] for name, part in joints.items()})
        for name in ('eye', 'ear', 'clavicle', 'shoulder', 'latissimus', 'hip', 'big_toe', 'small_toe', 'heel'):
            part, offset = body.point(name)
            frame = parts[part] if part in parts else parts[f'{part}_{side}']
            points[f'{side}_{name}'] = _child(frame, offset * np.array([1, 1, sign]))[0]
    for name in ('head', 'nose'):
        part, offset = body.point(name)
        points[name] = _child(parts[part], offset)[0]
    return np.stack([points[name] for name in skeleton.NAMES], axis=1)


def cobb(parts: Parts, upper: str, lower: str) -> np.ndarray:
    """Return the Cobb angle between two vertebrae in the sagittal plane, in degrees, in shape (T,).

    It is how far `upper` is flexed on `lower`: positive for a kyphosis, negative for a lordosis.
    """
    relative = np.swapaxes(parts[lower][1], -1, -2) @ parts[upper][1]
    up = relative[..., :, 1]
    return np.degrees(np.arctan2(up[..., 0], up[..., 1]))


def _euler(order: str, *angles: np.ndarray) -> np.ndarray:
    """Return rotation matrices in shape (T, 3, 3) from angles in degrees, each in shape (T,)."""
    return Rotation.from_euler(order, np.stack(angles, axis=-1), degrees=True).as_matrix()


def _child(frame: Place, offset: np.ndarray | Sequence[float], turn: np.ndarray | None = None) -> Place:
    """Return the frame at `offset` in `frame`, turned by `turn`."""
    place, rotation = frame
    return place + rotation @ np.asarray(offset, dtype=float), rotation if turn is None else rotation @ turn
