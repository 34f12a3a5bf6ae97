"""The up direction and the ground, from people who stand, walk, sit or lie on it before a still camera."""

import numpy as np
from scipy.optimize import least_squares
from scipy.spatial import ConvexHull, QhullError

from spinepose_mm import skeleton

#: Height of a keypoint above what its body part rests on, in metres, of an adult; no other part touches the ground.
_THICKNESS = {
    'toe': 0.01,
    'heel': 0.01,
    'knee': 0.06,
    'wrist': 0.05,
    'elbow': 0.05,
    'shoulder': 0.07,
    'head': 0.09,
    'hip': 0.1,
    'spine': 0.1,
    'neck': 0.1,
}
_FEET = ('toe', 'heel')
#: Segments that are upright in a person who stands, from the lower end to the upper.
_SEGMENTS = (
    ('hip', 'neck'),
    ('left_knee', 'left_hip'),
    ('right_knee', 'right_hip'),
    ('left_ankle', 'left_knee'),
    ('right_ankle', 'right_knee'),
)
#: The numbers from here on are choices, unless a source is named; `tests/lifting/test_ground.py` states how near the
#: ground is with them.
_CAMERA_UP = np.array([0.0, -1.0, 0.0])
_CAMERA_VOTE = 0.05  # what that weighs against a standing person's five segments
_CAMERA_SPREAD = np.radians(20)  # how far a camera may be tilted, as a standard deviation
_POSTURE_SPREAD = np.radians(3)  # how far a standing person's body is from upright
_BENT_SPREAD = np.radians(40)  # more of it, as a body is bent
_MAX_TILT = np.cos(np.radians(55))  # a segment further off than that from the camera's up is not upright
_MAX_SLANT = np.cos(np.radians(45))  # of the ground against the bodies
_CONTACT_SPREAD = 0.001, 0.02  # metres by which what touches the ground is off it, at least and at most
_JITTER = 2.0  # how far off a pose is along its ray, against what that changes by from frame to frame
_STEPS = 6
_MAX_HEIGHT = 0.06  # metres above the ground over which nothing touches it
_CELL = 0.5  # metres; contacts in one such cell are one place
_MIN_WEIGHT = 0.02  # of a keypoint that is not visible: the lifter has estimated it
_SPINE_SHARE = 0.25  # what one of the spine's nine keypoints, which lie in one line, counts in the first guess
_GUESS_SPREAD = 0.03  # metres from a plane within which points touch it
_MAX_POSES = 150  # of those that the first guess is made from
_LOW = 0.1  # quantile of the poses' lowest points at which the first guess upright to the bodies lies
_STRAIGHT_POWER = 8  # by which straight bodies outvote bent ones
#: The directions of segments are averaged by iteratively reweighted least squares of the angles' p-norm, whose weights
#: are angle^(p - 2); p = 1 is the median, and less yields less to what is far off.
_NORM, _NORM_STEPS = 0.5, 20
_MIN_ANGLE = np.radians(1)  # keeps these weights finite
_SURE_FEET = 0.2  # mean confidence of the feet's keypoints, from which a pose stands on them
_BELOW_FEET = 0.05  # metres by which something else is below the feet when it carries the body in their place
#: The deviation of normal noise from the quantile of its absolute values: 30% of them are under .385 deviations, and
#: 1 / .385 is about 2.5. A low quantile is taken, since only the small distances are of contacts.
_SPREAD_QUANTILE, _DEVIATIONS = 0.3, 2.5
_MAX_DEVIATIONS = 3  # off the plane, beyond which a point is no contact
_TILT_SCALE, _MAX_EVALUATIONS = 0.01, 12  # of the least squares: a step in the plane's numbers, and evaluations


def body_up(points: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the up direction of the bodies, and its standard deviation.

    Each body's trunk, thighs and shanks vote; a direction in which they agree weighs more, as in a standing person.
    Where no body is upright, it is the camera's own up.

    Args:
        points: in camera space, metres, (M, 37, 3).
        weights: confidence of each, (M, 37).

    Returns:
        tuple: a unit vector (3,), and its standard deviation in radians.
    """
    ends = [[skeleton.index(name) for name in pair] for pair in _SEGMENTS]
    votes = np.stack([points[:, upper] - points[:, lower] for lower, upper in ends], axis=1)  # (M, segments, 3)
    votes /= np.maximum(np.linalg.norm(votes, axis=-1, keepdims=True), 1e-9)
    sure = np.stack([weights[:, pair].min(1) for pair in ends], axis=1)
    cosine = votes @ _CAMERA_UP
    votes = votes * np.where(cosine < 0, -1, 1)[..., None]  # a person may do a handstand
    sure = sure * (np.abs(cosine) > _MAX_TILT)
    straight = np.linalg.norm((votes * sure[..., None]).sum(1), axis=-1) / len(ends)  # 1 for all segments in one line
    sure = sure * straight[:, None] ** _STRAIGHT_POWER
    votes = np.concatenate([votes.reshape(-1, 3), [_CAMERA_UP]])
    sure = np.append(sure, _CAMERA_VOTE * len(points))
    up = _CAMERA_UP
    for _ in range(_NORM_STEPS):
        angle = np.arccos(np.clip(votes @ up, -1, 1))
        up = (sure / np.maximum(angle, _MIN_ANGLE) ** (2 - _NORM)) @ votes
        up /= np.linalg.norm(up)
    bent = 1 - np.average(straight, weights=straight**_STRAIGHT_POWER + 1e-12)
    return up, min(_POSTURE_SPREAD + bent * _BENT_SPREAD, _CAMERA_SPREAD)


def fit_ground(points: np.ndarray, weights: np.ndarray, jitter: float = 0.0) -> tuple[np.ndarray, float]:
    """Find the ground as the plane that people touch with their lowest points, and that no person is below.

    The lowest points of each pose may touch the ground. The first guess is the one plane, of those that the convex hull
    of all poses lies upon, that most points touch; it then moves to the contacts within some centimetres, so that
    people in the air do not count. Contacts near each other are one place, so that one foot in many frames does
    not outvote everything. Where contacts leave the tilt open, the plane is upright to the bodies (`body_up`).

    Args:
        points: poses of people in camera space, of any frames, metres, (M, 37, 3).
        weights: confidence of each keypoint, such as its score, (M, 37).
        jitter: by how much the poses' distances from the camera jump from frame to frame, as a part of them.

    Returns:
        tuple: up, a unit vector (3,) in camera space; and the height of the camera above the ground, in metres.

    Raises:
        ValueError: there is no pose.
    """
    points, weights = np.asarray(points, float), np.asarray(weights, float)
    if points.ndim != 3 or len(points) == 0 or weights.shape != points.shape[:2]:
        raise ValueError(
            f'the ground is found from poses (M, 37, 3) and weights (M, 37) with M over 0, not '
            f'{points.shape} and {weights.shape}'
        )
    start, spread = body_up(points, weights)
    contacts, thickness, feet, share = _contact_keypoints()
    feet_sure = weights[:, contacts][:, feet].mean(1) > _SURE_FEET
    points, weights = points[:, contacts], weights[:, contacts].clip(_MIN_WEIGHT, 1)
    plane = _guess(points, thickness, weights * share, start, spread)
    for _ in range(_STEPS):
        heights = points @ _normal(plane, start) - thickness - plane[2]
        lowest = _lowest(heights, feet, feet_sure)
        close = np.abs(lowest[np.abs(lowest) < _MAX_HEIGHT])
        spread_up = (
            np.clip(_DEVIATIONS * np.quantile(close, _SPREAD_QUANTILE), *_CONTACT_SPREAD)
            if len(close)
            else _CONTACT_SPREAD[1]
        )
        near = np.where(heights < lowest[:, None], 0, weights * np.exp((lowest[:, None] - heights) / spread_up))
        near *= near.max(1, keepdims=True) / near.sum(1, keepdims=True)  # a pose weighs what its contacts do
        touching = np.nonzero((near > _MIN_WEIGHT**2) & (np.abs(heights) < _MAX_DEVIATIONS * spread_up))
        if not len(touching[0]):
            break
        plane = _fit(points[touching], thickness[touching[1]], near[touching], start, spread, plane, spread_up, jitter)
    return _normal(plane, start), -plane[2]


def _contact_keypoints() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return numbers of the keypoints that may touch the ground, their thickness, which are feet, and weights."""
    keypoints = []
    for i, name in enumerate(skeleton.NAMES):
        level = skeleton.KEYPOINTS[i].level
        part = name.split('_')[0 if level else -1]
        if part in _THICKNESS:
            keypoints.append((i, _THICKNESS[part], part in _FEET, _SPINE_SHARE if level else 1.0))
    numbers, thickness, feet, share = map(np.array, zip(*keypoints))
    return numbers, thickness, feet, share


def _guess(
    points: np.ndarray, thickness: np.ndarray, weights: np.ndarray, start: np.ndarray, spread: float
) -> np.ndarray:
    """Return the plane that most points of most poses touch, of those that the convex hull of all lies upon.

    A plane is three numbers: its tilts against `start`, and its height along its normal.
    """
    rows = np.unique(np.linspace(0, len(points) - 1, _MAX_POSES).astype(int))
    points, weights = points[rows], weights[rows]
    normals, offsets = start[None], np.quantile((points @ start - thickness).min(1), [_LOW])
    try:
        facets = ConvexHull((points - thickness[:, None] * start).reshape(-1, 3)).equations
        facets = facets[-facets[:, :3] @ start > _MAX_SLANT]
        normals, offsets = np.concatenate([normals, -facets[:, :3]]), np.append(offsets, facets[:, 3])
    except QhullError:
        pass  # all points are in one plane
    off = np.einsum('mki,fi->fmk', points, normals) - thickness - offsets[:, None, None]
    touching = (weights * np.exp(-((off / _GUESS_SPREAD) ** 2) / 2)).sum(-1).mean(-1)
    angle = np.arccos(np.clip(normals @ start, -1, 1))
    best = np.argmax(touching - (angle / spread) ** 2 / 2)
    return np.append(_basis(start) @ normals[best] / (normals[best] @ start), offsets[best])


def _lowest(heights: np.ndarray, feet: np.ndarray, feet_sure: np.ndarray) -> np.ndarray:
    """Return the height of each pose's lowest point: of its feet, unless something else is well below them."""
    foot = heights[:, feet].min(1)
    other = heights[:, ~feet].min(1)
    return np.where(feet_sure & (other > foot - _BELOW_FEET), foot, np.minimum(foot, other))


def _fit(
    points: np.ndarray,
    thickness: np.ndarray,
    weights: np.ndarray,
    start: np.ndarray,
    spread: float,
    plane: np.ndarray,
    spread_up: float,
    jitter: float,
) -> np.ndarray:
    """Return the plane through contacts: its tilts against `start`, and how high it is there, along its normal.

    Poses are placed along their rays less surely than across, which would draw a plane towards the rays; so each
    contact's error is measured as a part of what it can be in the plane's direction (Deming's regression).

    Args:
        points: contacts, (P, 3).
        thickness: how high they are above the ground when they touch it, (P,).
        weights: (P,).
        start, spread: direction that the normal has without contacts, and its standard deviation in radians.
        plane: the solution so far.
        spread_up: standard deviation of the contacts' heights, metres.
        jitter: as for `fit_ground`.
    """
    cells = np.unique(np.floor(points / _CELL).astype(int), axis=0, return_inverse=True)[1].ravel()
    weights = np.sqrt(weights / np.maximum(np.bincount(cells, weights), 1)[cells])

    distance = np.linalg.norm(points, axis=-1)

    def residuals(plane: np.ndarray) -> np.ndarray:
        heights = points @ _normal(plane, start)
        off = (
            weights
            * (heights - thickness - plane[2])
            / np.hypot(spread_up, np.hypot(spread_up / distance, _JITTER * jitter) * heights)
        )
        # The square root of Cauchy's norm, so that the prior beside it is not bent.
        return np.append(np.sign(off) * np.sqrt(np.log1p(off**2)), plane[:2] / spread)

    return least_squares(residuals, plane, x_scale=_TILT_SCALE, max_nfev=_MAX_EVALUATIONS).x


def _normal(plane: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Return the unit normal of a plane whose tilts are against `start`."""
    normal = start + plane[:2] @ _basis(start)
    return normal / np.linalg.norm(normal)


def _basis(up: np.ndarray) -> np.ndarray:
    """Return two unit vectors at right angles to `up` and to each other, (2, 3)."""
    side = np.cross(up, [0, 0, 1.0] if abs(up[2]) < 0.9 else [1.0, 0, 0])
    side /= np.linalg.norm(side)
    return np.stack([side, np.cross(side, up)])
