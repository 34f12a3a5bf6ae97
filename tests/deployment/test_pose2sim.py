"""Read by the installed Pose2Sim's own code; Sports2D calls the same for pose estimation."""

import ast
import json
import os
import subprocess

import numpy as np
import pytest
import rtoml
from anytree import PreOrderIter
from Pose2Sim.poseEstimation import setup_model_class_mode, setup_pose_tracker
from Pose2Sim.triangulation import triangulate_all

from spinepose_mm import skeleton
from spinepose_mm.deployment import settings_toml, skeleton_toml
from spinepose_mm.lifting import Camera, write_cameras
from spinepose_mm.structures.frame import Frame, People
from spinepose_mm.synthetic import Body, forward, keypoints, sequence
from spinepose_mm.writers import OpenPoseWriter


def test_pose_estimation_knows_the_skeleton_and_runs_the_file(files, people, model, predict):
    config = rtoml.loads(settings_toml(files['bgr']))
    pose = config['pose']
    mode = ast.literal_eval(pose['mode'])
    assert mode['det_class'] == 'YOLOX'
    # Without the detector, which would be downloaded, each whole image is taken for one person.
    alone = repr({key: value for key, value in mode.items() if not key.startswith('det_')})
    tree, kind, mode = setup_model_class_mode(pose['pose_model'], alone, config)
    nodes = list(PreOrderIter(tree))
    assert tree.name == 'Hip' and sorted(node.id for node in nodes) == list(range(37))
    assert all(node.name == skeleton.POSE2SIM[node.id] for node in nodes)
    assert {(node.parent.id, node.id) for node in nodes[1:]} == {
        (parent, i) for i, parent in enumerate(skeleton.PARENTS) if parent >= 0
    }

    tracker = setup_pose_tracker(kind, 4, mode, False, pose['backend'], pose['device'])
    image = people[0][0]
    found, _ = tracker(image)
    height, width = image.shape[:2]
    expected = predict(model, [(image, np.array([[0, 0, width, height]], np.float32))])
    assert np.abs(found - expected).max() < 0.5


RATE = 15


@pytest.fixture
def project(tmp_path):
    """A folder with what Pose2Sim triangulates, and its ground truth, (frames, 37, 3), metres, Y up.

    The cameras and the keypoints are written by this package; the lenses are distorted.
    """
    rng = np.random.default_rng(0)
    body = Body.sample(rng)
    points = keypoints(body, forward(body, sequence('walk', body, rng, 1.0, RATE)))
    cameras = {}
    for name, position in (('cam2', (0, 1.5, 4)), ('cam1', (4, 1.5, 1)), ('cam10', (-3, 1.5, 3))):
        cameras[name] = Camera.looking(position, (0, 0.9, 0), 50, (640, 480))
        cameras[name].dist = np.array([-0.1, 0.02, 0.001, -0.001, 0])
        writer = OpenPoseWriter(tmp_path / 'pose' / f'{name}_json', RATE)
        for i, pixels in enumerate(cameras[name].project(points)):
            people = People(pixels[None], np.ones((1, 37)), np.array([[0, 0, 640, 480.0]]), np.ones(1), np.array([0]))
            writer.write(Frame(i, i / RATE, f'{name}.mp4', people=people))
        writer.close()
    (tmp_path / 'calibration').mkdir()
    write_cameras(tmp_path / 'calibration' / 'Calib.toml', cameras)
    (tmp_path / 'Config.toml').write_text(skeleton_toml())
    return tmp_path, points


CONFIG = dict(
    project=dict(frame_rate=RATE),
    pose=dict(pose_model='CUSTOM_3D'),
    triangulation=dict(
        undistort_points=True, reproj_error_threshold_triangulation=15, min_cameras_for_triangulation=2, make_c3d=False
    ),
)


def check_trc(root, points):
    """Check that the TRC file has all markers where they are, within what pixels of two decimals leave."""
    lines = next((root / 'pose-3d').glob('*.trc')).read_text().splitlines()
    names = [name for name in lines[3].split('\t')[2:] if name]
    assert sorted(names) == sorted(skeleton.POSE2SIM)
    found = np.array([[float(value) for value in line.split('\t')[2:] if value] for line in lines[5:] if line])
    np.testing.assert_allclose(
        found.reshape(len(points), 37, 3), points[:, [skeleton.POSE2SIM.index(name) for name in names]], atol=1e-4
    )


def test_triangulation_writes_all_markers_in_our_world(project, caplog):
    root, points = project
    config = rtoml.load(root / 'Config.toml')
    config['pose'].update(CONFIG['pose'])
    triangulate_all(
        dict(config, project=dict(CONFIG['project'], project_dir=str(root)), triangulation=CONFIG['triangulation'])
    )
    check_trc(root, points)
    assert 'No left/right swap was performed' not in caplog.text


@pytest.mark.slow
def test_a_whole_pose2sim_triangulates_it(project):
    """As users have it, with its own OpenCV and numpy, called by its own front door."""
    python = os.environ.get('POSE2SIM_PYTHON')
    if not python:
        pytest.skip('POSE2SIM_PYTHON does not name the Python of an environment with the whole of Pose2Sim')
    root, points = project
    config = json.dumps(dict(CONFIG, project=dict(CONFIG['project'], project_dir='.')))
    done = subprocess.run(
        [
            python,
            '-c',
            'import json, sys; from Pose2Sim import Pose2Sim; Pose2Sim.triangulation(json.loads(sys.argv[1]))',
            config,
        ],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-1500:]
    check_trc(root, points)


def test_a_file_for_rgb_is_refused(files):
    with pytest.raises(ValueError, match=r'rgb\.onnx is not for BGR images'):
        settings_toml(files['rgb'])
