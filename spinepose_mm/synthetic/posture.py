"""How people stand: the spine's curves from the side, and scoliosis.

Sources:
    [1] Koelé et al. (2020, doi 10.3389/fendo.2020.00005): age-related hyperkyphosis is a Cobb angle of 50 degrees or
        more when standing.
    [2] The Scoliosis Research Society: scoliosis is a lateral curve of 10 degrees or more by Cobb.
    [3] Idiopathic scoliosis (doi 10.1007/s12306-020-00660-0): the vertebral bodies rotate towards the convexity;
        axial rotation grows in proportion to the Cobb angle (PMC4965023), and end vertebrae are the least rotated.
Where no source is named, the value was chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from . import anatomy

#: Shares of people. Far more than in the population, so that measures are tried on what varies: scoliosis has 2 to 3%.
FLAT_SHARE, HYPERKYPHOTIC_SHARE, SCOLIOTIC_SHARE = 0.05, 0.3, 0.10
OLD = 60.0  # years, from which on people may be hyperkyphotic
FLAT_LORDOSIS, FLAT_KYPHOSIS, HYPERKYPHOSIS = (15.0, 27.0), (8.0, 18.0), (50.0, 75.0)  # degrees; [1]
COBB = (10.0, 45.0)  # degrees [2]
#: {pattern: (vertebra, part of the Cobb angle that it leans to the convex side)}; in between the lean is linear.
PATTERNS = {
    'thoracic': (('L5', 0.1), ('T12', 0.5), ('T5', -0.5), ('T1', -0.1)),
    'thoracolumbar': (('L5', 0.1), ('L3', 0.5), ('T10', -0.5), ('T4', 0.0)),
    'lumbar': (('L4', 0.5), ('T12', -0.5), ('T6', 0.0)),
    'double': (('L5', -0.1), ('L4', -0.3), ('T12', 0.5), ('T5', -0.5), ('T1', -0.1)),
}
ENDS = {'thoracic': ('T5', 'T12'), 'thoracolumbar': ('T10', 'L3'), 'lumbar': ('T12', 'L4'), 'double': ('T5', 'T12')}
RIGHT_CONVEX = {'thoracic': 0.9, 'thoracolumbar': 0.3, 'lumbar': 0.2, 'double': 0.9}  # shares; the others are left
ROTATION = 0.4  # axial rotation of the apex, a part of the Cobb angle
LEVEL = 'C4'  # from here up the neck holds the head level


@dataclass(frozen=True)
class Scoliosis:
    """A lateral curve.

    Attributes:
        pattern: name out of PATTERNS.
        cobb: Cobb angle in the frontal plane between the `ends`, in degrees.
        convex: 1 where it bulges to the person's right, -1 to the left.
    """

    pattern: str
    cobb: float
    convex: int

    @property
    def ends(self) -> tuple[str, str]:
        """The upper and the lower end vertebra of the curve that `cobb` is of."""
        return ENDS[self.pattern]

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Scoliosis:
        """Draw a curve."""
        pattern = str(rng.choice(list(PATTERNS)))
        return cls(pattern, float(rng.uniform(*COBB)), 1 if rng.random() < RIGHT_CONVEX[pattern] else -1)

    def lean(self) -> np.ndarray:
        """Return how far each of `anatomy.VERTEBRAE` leans to the right in the frontal plane (24,), in degrees."""
        spine = anatomy.VERTEBRAE
        knots = [(-1, 0.0), *((spine.index(name), part) for name, part in PATTERNS[self.pattern])]
        knots += [(spine.index(LEVEL), 0.0), (len(spine), 0.0)]
        lean = np.interp(np.arange(len(spine)), *np.array(knots).T)
        # A lean of all that is below the neck keeps C7 above S1; it changes no Cobb angle.
        heights = np.array([anatomy.VERTEBRA_HEIGHT[name[0]] for name in spine])
        below = np.arange(len(spine)) <= spine.index('C7')
        lean -= np.where(below, (lean * heights)[below].sum() / heights[below].sum(), 0)
        return self.convex * self.cobb * lean

    def rotation(self) -> np.ndarray:
        """Return how far each vertebra is rotated to the left (24,), in degrees: the bodies to the convexity [3]."""
        spine = anatomy.VERTEBRAE
        upper, lower = (spine.index(name) for name in self.ends)
        along = np.clip((np.arange(len(spine)) - lower) / (upper - lower), 0, 1)
        return -self.convex * ROTATION * self.cobb * np.sin(np.pi * along)


@dataclass(frozen=True)
class Posture:
    """The standing curves of a person.

    Attributes:
        lordosis, kyphosis: Cobb angles T12-S1 and T4-T12 in the sagittal plane, in degrees.
        scoliosis: the Scoliosis, or None.
    """

    lordosis: float = anatomy.LORDOSIS[0]
    kyphosis: float = anatomy.KYPHOSIS[0]
    scoliosis: Scoliosis | None = None

    @classmethod
    def sample(cls, rng: np.random.Generator, age: float) -> Posture:
        """Draw the curves: of healthy adults, but for the shares above that are flat, hyperkyphotic or scoliotic."""
        far = anatomy.MAX_DEVIATIONS
        lordosis, kyphosis = (
            mean + deviation * np.clip(rng.normal(), -far, far)
            for mean, deviation in (anatomy.LORDOSIS, anatomy.KYPHOSIS)
        )
        which = rng.random()
        if which < FLAT_SHARE:
            lordosis, kyphosis = rng.uniform(*FLAT_LORDOSIS), rng.uniform(*FLAT_KYPHOSIS)
        elif age > OLD and which < FLAT_SHARE + HYPERKYPHOTIC_SHARE:
            kyphosis = rng.uniform(*HYPERKYPHOSIS)
        scoliosis = Scoliosis.sample(rng) if rng.random() < SCOLIOTIC_SHARE else None
        return cls(float(lordosis), float(kyphosis), scoliosis)


def turned(angles: np.ndarray) -> np.ndarray:
    """Return the rotations (N, 3, 3) of `angles` (N, 3): flexion, bending and rotation of `body.spine_angles`."""
    return Rotation.from_euler('ZXY', angles * [-1, 1, 1], degrees=True).as_matrix()


def standing(flexion: np.ndarray, slope: float, scoliosis: Scoliosis | None) -> tuple[np.ndarray, np.ndarray]:
    """Return how the vertebrae stand.

    Args:
        flexion: of each vertebra on the one below (24,), in degrees.
        slope: how far S1 is tilted forward, in degrees.
        scoliosis: a Scoliosis, or None.

    Returns:
        tuple: rotations (24, 3, 3) in the frame of the level pelvis; and flexion, bending and rotation of each vertebra
        on the one below, (24, 3), in degrees. Seen from the front, a vertebra leans as `Scoliosis.lean` says.
    """
    forward = slope + np.cumsum(flexion)
    lean, axial = np.zeros_like(forward), np.zeros_like(forward)
    if scoliosis:
        lean, axial = scoliosis.lean(), scoliosis.rotation()
        lean = np.degrees(np.arctan(np.tan(np.radians(lean)) * np.cos(np.radians(forward))))
    upright = turned(np.stack([forward, lean, axial], axis=-1))
    below = np.concatenate([turned(np.array([[slope, 0, 0]])), upright[:-1]])
    relative = Rotation.from_matrix(np.swapaxes(below, -1, -2) @ upright).as_euler('ZXY', degrees=True)
    return upright, relative * [-1, 1, 1]
