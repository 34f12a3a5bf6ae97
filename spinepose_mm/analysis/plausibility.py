"""Plausibility: which keypoints and which angles of a spine are anatomically possible.

The bounds were measured on `spinepose_mm.synthetic`'s bodies, whose joints have the ranges of motion of White and
Panjabi (Clinical Biomechanics of the Spine, 2nd ed., 1990): 1,200 spines with each region at an end of its ranges in
flexion, bending and rotation at once, and 384 in motion; tests hold them to that. P is the number of people.
"""

import numpy as np

from spinepose_mm import skeleton

from .measures import MEASURES

_LEVELS = [skeleton.KEYPOINTS[i].level for i in skeleton.SUBSETS['spine']]
#: Lengths of the steps from C1 down to S1 as parts of their sum: means, which bodies keep within 7 percent.
_STEPS = np.array([0.091, 0.091, 0.112, 0.202, 0.200, 0.122, 0.121, 0.061])
#: A step may be so many times as long as it is in a spine of the size that the median of the steps gives. In images
#: that show their plane, foreshortened spines reach 2.1, and with errors of 3 pixels 2.9.
_MAX_STEP = 3.0
#: Degrees by which a spine turns from one step to the next: bodies reach 64, and with errors of 10 mm hardly ever 90.
_MAX_TURN = 90.0
_MIN_STEP = 0.5  # likewise, from which on the direction of a step says something
#: Degrees: what those bodies reach (-48 to 107, -30 to 105, -54 to 63), and 30 more on either side for errors of
#: keypoints. A neck that is bent and turned to its ends reaches any flexion.
RANGES = {'thoracolumbar_flexion': (-80, 140), 'kyphosis': (-60, 135), 'lordosis': (-85, 95)}


def plausible_levels(spines: np.ndarray) -> np.ndarray:
    """Return which keypoints of spines can be where they are.

    Both ends of a step that is far too long are not, nor is the keypoint between two steps that turn back.

    Args:
        spines: keypoints from C1 to S1 in any unit, NaN where not known, (P, 9, 2 or 3).

    Returns:
        ndarray: bool, (P, 9); what is not known counts as plausible.
    """
    steps = np.diff(spines, axis=1)
    lengths = np.linalg.norm(steps, axis=-1)
    sizes = lengths / _STEPS
    scale = np.ma.median(np.ma.masked_invalid(sizes), axis=1).filled(np.nan)[:, None]
    too_long = sizes > _MAX_STEP * scale
    with np.errstate(divide='ignore', invalid='ignore'):
        cosines = (steps[:, 1:] * steps[:, :-1]).sum(-1) / (lengths[:, 1:] * lengths[:, :-1])
    valid = sizes >= _MIN_STEP * scale
    turned = (cosines < np.cos(np.radians(_MAX_TURN))) & valid[:, 1:] & valid[:, :-1]
    wrong = np.zeros(spines.shape[:2], bool)
    wrong[:, :-1] |= too_long
    wrong[:, 1:] |= too_long
    wrong[:, 1:-1] |= turned
    return ~wrong


def without_implausible(angles: dict[str, np.ndarray], spines: np.ndarray) -> dict[str, np.ndarray]:
    """Return angles of spines, {name: (P,)}, NaN where no body can have them or one of their keypoints.

    Args:
        angles: {name: (P,)}, degrees or percent, out of MEASURES.
        spines: as of `plausible_levels`.
    """
    plausible, kept = plausible_levels(spines), {}
    for name, values in angles.items():
        low, high = RANGES.get(name, (-np.inf, np.inf))
        possible = plausible[:, [_LEVELS.index(level) for level in MEASURES[name].levels]].all(1)
        kept[name] = np.where(possible & (values >= low) & (values <= high), values, np.nan)
    return kept
