"""A figure with angles worked out by hand, and what its tests need."""

import numpy as np

from spinepose_mm import skeleton

UP = np.array([0.0, 1, 0])


def figure(lumbar=0.0, thoracic=0.0, neck=0.0, axis=0):
    """Return a person who faces along x, right along z, with a spine of three straight parts of 0.3 m, (37, 3).

    Args:
        lumbar, thoracic, neck: degrees to the vertical, Y, of S1 to L1, L1 to C7 and C7 to C1.
        axis: 0 where the spine leans forward by them, 2 where it leans to the right.
    """
    points = np.zeros((skeleton.NUM_KEYPOINTS, 3))
    place = np.array([0, 1.0, 0])
    for part, levels in ((lumbar, ('S1', 'L5', 'L3', 'L1')), (thoracic, ('T8', 'T3', 'C7')), (neck, ('C4', 'C1'))):
        for level in levels:
            if level != 'S1':
                step = 0.15 if level in ('C4', 'C1') else 0.1
                place = place + step * np.cos(np.radians(part)) * UP
                place[axis] += step * np.sin(np.radians(part))
            points[skeleton.index(level)] = place
    for side, z in (('left', -1), ('right', 1)):
        for name, breadth, height in (('hip', 0.1, 0.95), ('shoulder', 0.2, 1.5)):
            points[skeleton.index(f'{side}_{name}')] = 0, height, z * breadth
    return points


def mirrored(points):
    """Return people, (P, 37, 3), with left and right swapped; z is to their right."""
    return points[:, list(skeleton.FLIP_INDICES)] * [1, 1, -1]


def apart(first, second):
    """Return by how much angles differ, degrees, from -180 to 180."""
    return (first - second + 180) % 360 - 180
