"""A small SIMSPINE by its authors' conventions, in plain NumPy and h5py: nothing here is from spinepose_mm.

Markers are in OpenSim's axes (x forward, y up, z to the right), and the world's axes are (third, first, second) of a
marker's. Image points are projected with R X + t and OpenCV's distortion. The published `S` is R (X - t). Frame names
count from 0 in SIMSPINE, and from 1 in MMPose's extraction of Human3.6M, which keeps every fifth frame.
"""

from pathlib import Path

import numpy as np

#: SIMSPINE's 15 markers, in its order.
MARKERS = (
    'Hip',
    'Spine_01',
    'Spine_02',
    'Spine_03',
    'Spine_04',
    'Spine_05',
    'Neck',
    'Neck_02',
    'Neck_03',
    'Head',
    'Nose',
    'LClavicle',
    'RClavicle',
    'LLatissimus',
    'RLatissimus',
)
_MIDDLE = dict(
    Nose=(0.12, 1.58, 0),
    Head=(0.03, 1.76, 0),
    Hip=(-0.06, 0.97, 0),
    Spine_01=(-0.03, 1.03, 0),
    Spine_02=(-0.01, 1.09, 0),
    Spine_03=(-0.02, 1.16, 0),
    Spine_04=(-0.06, 1.29, 0),
    Spine_05=(-0.06, 1.41, 0),
    Neck=(-0.03, 1.48, 0),
    Neck_02=(-0.01, 1.54, 0),
    Neck_03=(0.0, 1.60, 0),
)
_RIGHT = dict(
    Eye=(0.10, 1.63, 0.03),
    Ear=(0.02, 1.62, 0.07),
    Shoulder=(-0.01, 1.42, 0.18),
    Elbow=(-0.03, 1.14, 0.22),
    Wrist=(0.05, 0.90, 0.26),
    Hip=(0, 0.92, 0.09),
    Knee=(0.02, 0.50, 0.10),
    Ankle=(0, 0.08, 0.10),
    BigToe=(0.19, 0.02, 0.08),
    SmallToe=(0.14, 0.02, 0.15),
    Heel=(-0.06, 0.03, 0.10),
    Latissimus=(-0.07, 1.25, 0.14),
    Clavicle=(0.03, 1.43, 0.06),
)
#: The person who stands straight, {Pose2Sim's name: OpenSim's x, y, z in metres}: 37 points.
BODY = {
    **_MIDDLE,
    **{side + name: (x, y, sign * z) for name, (x, y, z) in _RIGHT.items() for side, sign in (('L', -1), ('R', 1))},
}
NAMES = tuple(BODY)
#: Human3.6M's 17 joints in MMPose's order; those without a name are other points.
HUMAN36M = (
    None,
    'RHip',
    'RKnee',
    'RAnkle',
    'LHip',
    'LKnee',
    'LAnkle',
    None,
    None,
    None,
    None,
    'LShoulder',
    'LElbow',
    'LWrist',
    'RShoulder',
    'RElbow',
    'RWrist',
)
SUBJECTS = dict(train=('S1', 'S5'), test=('S9',))
VIEWS = ('54138969', '55011271', '58860488', '60457274')
K = np.array([[1145.0, 0, 512.5], [0, 1143.7, 515.4], [0, 0, 1]])
DIST = np.array([-0.2070, 0.2478, -0.0009, -0.0016, -0.0031])


def turn(axis, angles):
    """Return the rotations about an axis of the coordinates, (..., 3, 3)."""
    i, j = {0: (1, 2), 1: (2, 0), 2: (0, 1)}[axis]
    found = np.zeros((*np.shape(angles), 3, 3))
    found[..., axis, axis] = 1
    found[..., i, i] = found[..., j, j] = np.cos(angles)
    found[..., j, i], found[..., i, j] = np.sin(angles), -np.sin(angles)
    return found


def act(seed, frames, roam=1.2):
    """Return a moving person's points in OpenSim's axes, (frames, 37, 3) in the order of NAMES.

    Args:
        roam: metres up to which the person walks away from the middle of the room.
    """
    rng = np.random.default_rng(seed)
    times = np.arange(frames) / 50

    def wave(size, shift=0.0):
        return shift + size * np.sin(2 * np.pi * (rng.uniform(0.3, 0.9) * times + rng.random()))

    points = np.tile(np.array(list(BODY.values())), (frames, 1, 1))
    upper = points[0, :, 1] > 0.95
    legs = points[0, :, 1] < 0.6
    hip = np.array(BODY['Hip'])
    bend = turn(2, -wave(0.3, 0.2)) @ turn(1, wave(0.4)) @ turn(0, wave(0.15))
    points[:, upper] = (points[:, upper] - hip) @ bend.swapaxes(1, 2) + hip
    for side, sign in ((-1, 1), (1, -1)):
        swung = legs & (np.sign(points[0, :, 2]) == side)
        points[:, swung, 0] += (sign * wave(0.25))[:, None]
    points = points @ turn(1, wave(1.5, rng.uniform(-np.pi, np.pi))).swapaxes(1, 2)
    points[..., 0] += wave(roam)[:, None]
    points[..., 2] += wave(roam)[:, None]
    return points


def to_world(markers):
    """Return markers in OpenSim's axes in the world's: (third, first, second)."""
    return np.stack([markers[..., 2], markers[..., 0], markers[..., 1]], axis=-1)


def cameras(seed, height=1.5):
    """Return {view: (R, t)} of four cameras in the corners of a room, x_c = R x + t, Z up."""
    rng, found = np.random.default_rng(seed), {}
    for view, (x, y) in zip(VIEWS, ((1.9, 4.6), (1.9, -4.4), (-1.8, 4.5), (-1.9, -4.5))):
        position = np.array([x, y, height]) + rng.uniform(-0.2, 0.2, 3)
        forward = np.array([0, 0, 0.9]) - position
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, [0, 0, 1])
        right /= np.linalg.norm(right)
        R = turn(2, rng.uniform(-0.05, 0.05)) @ np.stack([right, np.cross(forward, right), forward])
        found[view] = R, -R @ position
    return found


def project(points, R, t, dist=DIST):
    """Return the pixels of points of the world: K and OpenCV's distortion of R X + t, written out."""
    x, y, z = np.moveaxis(points @ R.T + t, -1, 0)
    x, y = x / z, y / z
    k1, k2, p1, p2, k3 = dist
    r2 = x * x + y * y
    radial = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3
    return np.stack(
        [
            K[0, 0] * (x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)) + K[0, 2],
            K[1, 1] * (y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y) + K[1, 2],
        ],
        axis=-1,
    )


def make(subjects=('S1', 'S5', 'S9'), sequences=('Directions_1', 'Walking'), frames=11, roam=1.2, dist=DIST):
    """Return {subject: dict(cameras={view: (R, t)}, sequences={name: markers (frames, 37, 3)}, dist)}."""
    return {
        subject: dict(
            cameras=cameras(number),
            dist=np.asarray(dist),
            sequences={name: act([number, i], frames, roam) for i, name in enumerate(sequences)},
        )
        for number, subject in enumerate(subjects)
    }


def labels(release, subjects, names=MARKERS, published=True):
    """Return the fields of an annotation file as the authors make them, {field: array}, and the cameras beside them.

    Args:
        names: of the markers.
        published: whether `S` is the published R (X - t); otherwise it is camera space.
    """
    columns, rows = [NAMES.index(name) for name in names], []
    for subject in subjects:
        for sequence, markers in release[subject]['sequences'].items():
            world = to_world(markers)[:, columns]
            for view, (R, t) in release[subject]['cameras'].items():
                pixels = project(world, R, t, release[subject]['dist'])
                low, high = pixels.min(1), pixels.max(1)
                stem = f'{subject}_{sequence}.{view}'
                rows += [
                    dict(
                        imgname=f'{subject}/{stem}/{stem}_{frame:06d}.jpg',
                        center=(low[frame] + high[frame]) / 2,
                        scale=1.2 * (high - low)[frame].max() / 200,
                        part=_seen(pixels[frame]),
                        S=_seen((world[frame] - t) @ R.T if published else world[frame] @ R.T + t),
                        S_world=_seen(world[frame]),
                        angles=np.full(62, float(frame)),
                        R=R,
                        t=t,
                    )
                    for frame in range(len(markers))
                ]
    return {field: np.array([row[field] for row in rows]) for field in rows[0]}


def _seen(points):
    return np.column_stack([points, np.ones(len(points))])


def write_npz(path, release, subjects, names=MARKERS, published=True, **changes):
    """Write an annotation file as it is released, without cameras; `changes` replace fields."""
    fields = {**labels(release, subjects, names, published), **changes}
    info = dict(
        root_name='Hip',
        root_index=list(names).index('Hip'),
        joint_names=list(names),
        param_names=[f'axis_{i}' for i in range(62)],
        parent_ids=[-1] * len(names),
    )
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        path,
        metadata=np.array(info, dtype=object),
        **{
            field: value if field == 'imgname' else value.astype(np.float32)
            for field, value in fields.items()
            if field not in ('R', 't')
        },
    )
    return path


def write_human36m(path, release, subjects, every=5, first=1):
    """Write MMPose's annotation of Human3.6M: 17 joints of every fifth frame, whose names count from 1."""
    fields = labels(release, subjects, [name or 'Hip' for name in HUMAN36M])
    numbers = np.array([int(name[-10:-4]) for name in fields['imgname']])
    kept = numbers % every == 0
    part = fields['part'][kept]
    part[:, [name is None for name in HUMAN36M], :2] += 17  # other points, which are of no use
    np.savez(
        path,
        part=part,
        imgname=np.array(
            [f'{name[:-10]}{number + first:06d}.jpg' for name, number in zip(fields['imgname'][kept], numbers[kept])]
        ),
    )
    return path


def write_raw(path, release, names=MARKERS, unit=1.0):
    """Write simspine.h5; `unit` is how many of its units a metre has."""
    import h5py

    columns = [NAMES.index(name) for name in names]
    with h5py.File(path, 'w') as file:
        file['metadata/markers_names'] = np.array(names, 'S')
        file['metadata/kinematic_axes'] = np.array([f'axis_{i}' for i in range(62)], 'S')
        for subject, fields in release.items():
            calibration = file.create_group(f'{subject}/calibration')
            calibration['names'] = np.array(list(fields['cameras']), 'S')
            calibration['size'] = np.full((len(fields['cameras']), 2), 1000)
            calibration['R'] = np.stack([R for R, _ in fields['cameras'].values()])
            calibration['t'] = np.stack([t for _, t in fields['cameras'].values()])[..., None] * unit
            calibration['K'] = np.tile(K, (len(fields['cameras']), 1, 1))
            calibration['dist'] = np.tile(fields['dist'], (len(fields['cameras']), 1))
            for sequence, markers in fields['sequences'].items():
                group = file.create_group(f'{subject}/{sequence.replace("_", " ")}')
                group['markers'] = markers[:, columns] * unit
                group['kinematics'] = np.repeat(np.arange(float(len(markers)))[:, None], 62, axis=1)
    return path


def write_images(folder, names):
    """Write an empty file for each name: for code that lists folders."""
    for name in names:
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
