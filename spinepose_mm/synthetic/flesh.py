"""People of flesh: a shape that moves with this project's spine.

    rng = np.random.default_rng(0)
    person = Person.sample(rng)
    parts = forward(person, sequence('squat', person, rng, seconds=1))
    vertices = person.vertices(parts, frame=0)  # (V, 3); the faces are those of `shapes.topology()`
    points = keypoints(person, parts)  # (T, 37, 3)

A Person is a Body whose lengths are those of its shape, so that motions, `forward` and `keypoints` are the same. The
mesh stands on its own spine as it was modelled; posed, it stands on the person's own curves.

Sources:
    [1] Scapulohumeral rhythm: beyond 30 degrees of elevation, of each 3 degrees 2 are of the shoulder's joint and 1 is
        of the shoulder blade, as textbooks have it. Scibek and Carcia (2012, World J Orthop 3:87-94) measured a ratio
        of 2.3, and 2.5% of the shoulder blade up to 30 degrees.
Where no source is named, the value was chosen by eye on the drawn mesh.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from . import anatomy, skinning
from .binding import PARENTS, PARTS, frames, skin_weights
from .body import SIDES, Body, Parts, Place, forward, rest
from .hands import curled
from .landmarks import bone_vertices, landmarks
from .posture import Posture, standing
from .shapes import Shape

RHYTHM_START, SCAPULA_SHARE = 30.0, 1 / 3  # degrees of elevation, and the shoulder blade's part beyond [1]
CLAVICLE_SHARE = 0.16  # so that the shoulder's joint rises by some 8 cm
DROOP = (4.0, 3.0)  # of the collarbones when the arms hang, below those of the mesh, mean and deviation, in degrees
SCAPULAR_PLANE = 30.0  # degrees in front of the frontal plane
UPPER_TWIST, FOREARM_TWIST = 0.5, 0.5  # part of a limb's twist that its nearer half takes; of the hand's, the forearm's
NEAR_SWING = dict(upper_arm=0.75, thigh=0.85)  # part of a limb's swing that the skin about its joint takes
PALMS_DOWN = (165.0, 75.0)  # pronation and extension of the hands that a person stands on, in degrees
PRONATION = (80.0, 15.0)  # of hanging hands, mean and standard deviation, from palms forward, in degrees
LEVELED = {'ribs': 1.0, 'shoulders': 0.25, 'head': 0.0}  # part of a scoliotic vertebra's lean and turn that they share
_LEVEL_PARTS = {'T8': 'ribs', 'T3': 'shoulders', 'C1': 'head'}
HAND = 0.02  # half the breadth of a hand from thumb to little finger's side, of the stature
DIRECTIONS = 40  # in which each part's outermost vertices are sought


class Person(Body):
    """A person of flesh.

    Attributes:
        shape: the Shape.
        posture: the Posture.
        rest: the vertices that the skin weights move, in shape (V, 3), float32: the shape's, with curled fingers.
        places: frames of the parts in `rest`, `binding.frames`.
        weights: how much each of `binding.PARTS` moves each vertex, in shape (V, P), float32.
        pronation: of the hanging hands, in degrees.
    """

    def __init__(self, shape: Shape, posture: Posture | None = None, rng: np.random.Generator | None = None) -> None:
        self.posture = posture or Posture()
        super().__init__(shape.stature, lordosis=self.posture.lordosis, kyphosis=self.posture.kyphosis)
        self.shape = shape
        self.places = frames(shape)
        self.rest = curled(shape, self.places, rng)
        self.weights = skin_weights(shape, self.places)
        self.pronation, self._droop = (
            mean + (deviation * float(rng.normal()) if rng is not None else 0.0)
            for mean, deviation in (PRONATION, DROOP)
        )
        self._points = landmarks(shape, self.places)
        flexion = np.array([self.neutral_flexion()[name] for name in anatomy.VERTEBRAE])
        self._upright, self._standing_angles = standing(flexion, self.sacral_slope(), self.posture.scoliosis)
        self._clearance = _clearance(shape, self.places, self.segment('upper_arm') + self.segment('forearm'))
        self._outer = _outermost(self.rest, self.weights)

    @classmethod
    def sample(cls, rng: np.random.Generator, kind: str = 'anyone') -> Person:
        """Draw a person of one of `shapes.KINDS`."""
        shape = Shape.sample(rng, kind)
        return cls(shape, Posture.sample(rng, shape.age), rng)

    def vertices(self, parts: Parts, frame: int = 0) -> np.ndarray:
        """Return the vertices of a placed person in shape (V, 3), float32, metres."""
        return skinning.moved(self.transforms(parts, frame), self.rest)

    def transforms(self, parts: Parts, frame: int = 0) -> np.ndarray:
        """Return how each vertex moves from `rest`, rotation and translation in shape (V, 3, 4), float32.

        What is worn moves as the vertices under it: index this, and apply it by `skinning.moved`.
        """
        return skinning.blend(self.weights, self.motions(parts, frame))

    def motions(self, parts: Parts, frame: int = 0) -> np.ndarray:
        """Return how each of `binding.PARTS` moves from its place in `rest`, dual quaternions in shape (P, 8)."""
        at = {name: (place[frame], turn[frame]) for name, (place, turn) in parts.items()}
        for side, sign in SIDES.items():
            at.update(self._between(at, side, sign))
        turns = np.array([self._turn(at, name) for name in PARTS])
        shifts = np.array([at[name][0] - turn @ self.places[name][0] for name, turn in zip(PARTS, turns)])
        return skinning.dual_quaternions(turns, shifts, [PARTS.index(PARENTS[name]) for name in PARTS])

    def lowest(self, parts: Parts) -> np.ndarray:
        """Return the height of the lowest vertex of a placed person, in shape (T,), in metres."""
        outer, weights = self.rest[self._outer], self.weights[self._outer]
        frames = range(len(parts['pelvis'][0]))
        return np.array(
            [skinning.moved(skinning.blend(weights, self.motions(parts, i)), outer)[:, 1].min() for i in frames]
        )

    def _between(self, at: Parts, side: str, sign: float) -> Parts:
        """Return the places of the parts that are not jointed: a limb's nearer and farther halves, and the hand."""
        found = {}
        for limb, above in (('upper_arm', f'scapula_{side}'), ('thigh', 'pelvis')):
            name = f'{limb}_{side}'
            carried = self._turn(at, above)
            own = carried.T @ self._turn(at, name)
            own = own @ skinning.twist(own[None], self.places[name][1][:, 1], UPPER_TWIST - 1)[0]
            own = Rotation.from_rotvec(NEAR_SWING[limb] * Rotation.from_matrix(own).as_rotvec()).as_matrix()
            found[f'{limb}_near_{side}'] = at[name][0], carried @ own @ self.places[name][1]
        place, forearm = at[f'forearm_{side}']
        on_hands = np.clip((-at['pelvis'][1][1, 1] - 0.3) / 0.4, 0, 1)  # from lying to upside down
        angles = self.pronation + on_hands * (PALMS_DOWN[0] - self.pronation), -on_hands * PALMS_DOWN[1]
        hand = forearm @ Rotation.from_euler('YZ', [sign * angles[0], angles[1]], degrees=True).as_matrix()
        found[f'hand_{side}'] = at[f'wrist_{side}'][0], hand
        carried, bound = self._turn(at, f'forearm_{side}'), self.places[f'forearm_{side}'][1]
        half = skinning.twist((carried.T @ self._turn(found, f'hand_{side}'))[None], bound[:, 1], FOREARM_TWIST)[0]
        found[f'forearm_far_{side}'] = place, carried @ half @ bound
        return found

    def _turn(self, at: Parts, name: str) -> np.ndarray:
        """Return how far a part has turned from its place in `rest`, (3, 3)."""
        return at[name][1] @ self.places[name][1].T

    # What `forward`, `keypoints` and motions ask of a Body.

    def stature(self) -> float:
        return float(np.ptp(self.vertices(forward(self, rest()))[:, 1]))

    def segment(self, name: str) -> float:
        below = dict(upper_arm='forearm', forearm='hand', thigh='shank', shank='foot')[name]
        return self._distance(f'{name}_right', f'{below}_right')

    def sacrum(self) -> np.ndarray:
        return self.places['S1'][0] - self.places['pelvis'][0]

    def vertebra_heights(self) -> dict[str, float]:
        levels = ('S1', *anatomy.VERTEBRAE)
        return {name: self._distance(below, name) for below, name in zip(levels, levels[1:])}

    def _distance(self, one: str, other: str) -> float:
        return float(np.linalg.norm(self.places[one][0] - self.places[other][0]))

    def point(self, name: str) -> tuple[str, np.ndarray]:
        return self._points[name]

    def standing_angles(self) -> dict[str, np.ndarray]:
        return dict(zip(anatomy.VERTEBRAE, self._standing_angles))

    def leveling(self, vertebra: str) -> np.ndarray:
        stands = self._upright[anatomy.VERTEBRAE.index(vertebra)]
        straight = super().leveling(vertebra)  # what a spine without scoliosis needs
        askew = Rotation.from_matrix(stands @ straight).as_rotvec()
        return stands.T @ Rotation.from_rotvec(LEVELED[_LEVEL_PARTS[vertebra]] * askew).as_matrix()

    def clearance(self) -> float:
        return self._clearance

    def girdle(self, parts: Parts, side: str, arm: np.ndarray) -> Parts:
        """Return the places of collarbone, shoulder blade and shoulder, which follow a raised arm [1]."""
        sign, turn = SIDES[side], parts['shoulders'][1]
        bound = {name: self.places[f'{name}_{side}'] for name in ('clavicle', 'scapula', 'upper_arm')}
        raised = _rhythm(np.swapaxes(turn, -1, -2) @ arm) - _rhythm(bound['upper_arm'][1])
        plane = np.radians(SCAPULAR_PLANE)
        axis = np.array([-sign * np.cos(plane), 0, np.sin(plane)])

        def turned(angle: np.ndarray) -> np.ndarray:
            return turn @ Rotation.from_rotvec(angle[:, None] * axis, degrees=True).as_matrix()

        def reach(frame: Place, start: str, end: str) -> np.ndarray:
            offset = bound[end][0] - (self.places['shoulders'] if start == 'shoulders' else bound[start])[0]
            return frame[0] + frame[1] @ offset

        clavicle = reach(parts['shoulders'], 'shoulders', 'clavicle'), turned(CLAVICLE_SHARE * raised - self._droop)
        scapula = reach(clavicle, 'clavicle', 'scapula'), turned(SCAPULA_SHARE * raised)
        joint = reach(scapula, 'scapula', 'upper_arm'), scapula[1]
        return {f'clavicle_{side}': clavicle, f'scapula_{side}': scapula, f'shoulder_{side}': joint}


def _rhythm(arm: np.ndarray) -> np.ndarray:
    """Return by how many degrees an arm, (..., 3, 3) in the trunk's frame, is raised beyond where the rhythm starts."""
    elevation = np.degrees(np.arccos(np.clip(arm[..., 1, 1], -1, 1)))
    return np.maximum(elevation - RHYTHM_START, 0)


def _clearance(shape: Shape, places: Parts, arm: float) -> float:
    """Return by how many degrees an arm of this length, in metres, must be abducted so that its hand clears the hip."""
    shoulder, hip = places['upper_arm_right'][0], places['thigh_right'][0]
    bones = ('root', 'pelvis.R', 'upperleg01.R', 'spine05')
    near = shape.vertices[np.concatenate([bone_vertices()[bone] for bone in bones])]
    near = near[np.abs(near[:, 1] - hip[1]) < 0.06 * shape.stature]
    aside = near[:, 2].max() + HAND * shape.stature - shoulder[2]
    return float(np.degrees(np.arcsin(np.clip(aside / arm, 0, 0.5))))


def _outermost(vertices: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the numbers of the vertices that can touch the ground: the outermost of each part, in many directions."""
    directions = np.random.default_rng(0).normal(size=(DIRECTIONS, 3)).astype(np.float32)
    most, found = weights.argmax(1), []
    for part in np.unique(most):
        mine = np.flatnonzero(most == part)
        found.append(mine[(vertices[mine] @ directions.T).argmax(0)])
    return np.unique(np.concatenate(found))
