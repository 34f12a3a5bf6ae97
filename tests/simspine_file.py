"""SIMSPINE's raw file, made of moving bodies."""
import numpy as np

from spinepose_mm import skeleton
from spinepose_mm.datasets.simspine import CAMERA_LAYOUT, LAYOUT, joint_keypoints, read_npz
from spinepose_mm.synthetic.poses import PoseSettings, synthesize_poses

#: Human3.6M's x, y and z are OpenSim's x, -z and y.
AXES = np.array([[1., 0, 0], [0, 0, -1], [0, 1, 0]])
MARKERS = list(skeleton.SIMSPINE)
FRAMES = 6


def make(path):
    """Return {(subject, sequence): fields of its frames in all views}, of two people before three cameras each.

    Args:
        path: of an annotation file that they are made from.
    """
    synthesize_poses(path, PoseSettings(7, frames=FRAMES, views=3, distance=1.2))
    arrays, _ = read_npz(path, (*LAYOUT, *CAMERA_LAYOUT))
    columns, arrays['whole'] = joint_keypoints(path, MARKERS), arrays['part']
    for field in ('part', 'S', 'S_world'):
        arrays[field] = arrays[field][:, columns]
    names = arrays['imgname'].astype(str)
    found = {}
    for subject in ('S1', 'S9'):
        rows = np.char.startswith(names, subject + '/')
        sequence = names[rows][0].split('/')[1].removeprefix(subject + '_').rpartition('.')[0]
        found[subject, sequence] = {field: values[rows] for field, values in arrays.items()}
    return found


def write(path, truth, axes=AXES, unit=1., distort=0.):
    """Write the truth as SIMSPINE's raw file: markers in OpenSim's axes, cameras for a world with Z up."""
    import h5py
    with h5py.File(path, 'w') as file:
        file['metadata/markers_names'] = np.array(MARKERS, 'S')
        file['metadata/kinematic_axes'] = np.array([f'axis_{i}' for i in range(62)], 'S')
        for (subject, sequence), fields in truth.items():
            views = [name.split('/')[1].rpartition('.')[2] for name in fields['imgname'][::FRAMES].astype(str)]
            calibration = file.create_group(f'{subject}/calibration')
            calibration['names'] = np.array(views, 'S')
            calibration['size'] = np.full((len(views), 2), 1000)
            calibration['R'] = fields['R'][::FRAMES] @ axes.T
            calibration['t'] = fields['t'][::FRAMES, :, None] * unit
            calibration['K'] = fields['K'][::FRAMES]
            calibration['dist'] = np.full((len(views), 5), distort)
            group = file.create_group(f'{subject}/{sequence.replace("_", " ")}')
            group['markers'] = fields['S_world'][:FRAMES, :, :3] * unit
            group['kinematics'] = np.arange(FRAMES * 62.).reshape(FRAMES, 62)
    return path
