"""Read by the installed Pose2Sim's own code; Sports2D calls the same for pose estimation."""
import ast
import json

import cv2
import numpy as np
import pytest
import rtoml
from anytree import PreOrderIter
from Pose2Sim.poseEstimation import setup_model_class_mode, setup_pose_tracker
from Pose2Sim.triangulation import triangulate_all

from spinepose_mm import skeleton
from spinepose_mm.deployment import settings_toml, skeleton_toml
from spinepose_mm.lifting import Camera
from spinepose_mm.synthetic import Body, forward, keypoints, sequence


def test_pose_estimation_knows_the_skeleton_and_runs_the_file(files, people, model, predict):
    config = rtoml.loads(settings_toml(files['bgr']))
    pose = config['pose']
    mode = ast.literal_eval(pose['mode'])
    assert mode['det_class'] == 'YOLOX'
    # Without the detector, which would be downloaded, each whole picture is taken for one person.
    alone = repr({key: value for key, value in mode.items() if not key.startswith('det_')})
    tree, kind, mode = setup_model_class_mode(pose['pose_model'], alone, config)
    nodes = list(PreOrderIter(tree))
    assert tree.name == 'Hip' and sorted(node.id for node in nodes) == list(range(37))
    assert all(node.name == skeleton.POSE2SIM[node.id] for node in nodes)
    assert {(node.parent.id, node.id) for node in nodes[1:]} == {
        (parent, i) for i, parent in enumerate(skeleton.PARENTS) if parent >= 0}

    tracker = setup_pose_tracker(kind, 4, mode, False, pose['backend'], pose['device'])
    picture = people[0][0]
    found, _ = tracker(picture)
    height, width = picture.shape[:2]
    expected = predict(model, [(picture, np.array([[0, 0, width, height]], np.float32))])
    assert np.abs(found - expected).max() < .5


def write_project(root, points):
    """Write what Pose2Sim triangulates: cameras, and the people of their pictures in OpenPose's form.

    Args:
        points: (frames, 37, 3), metres, Y up.
    """
    turn = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]])  # from Pose2Sim's Z up to Y up
    calibration = dict(metadata=dict(adjusted=False, error=0.))
    for name, position in (('cam1', (4, 1.5, 1)), ('cam2', (0, 1.5, 4)), ('cam3', (-3, 1.5, 3))):
        camera = Camera.looking(position, (0, .9, 0), 50, (640, 480))
        calibration[name] = dict(
            name=name, size=[640., 480.], matrix=camera.K.tolist(), distortions=[0.] * 4, fisheye=False,
            rotation=cv2.Rodrigues(camera.R @ turn)[0].ravel().tolist(), translation=camera.t.ravel().tolist())
        folder = root / 'pose' / f'{name}_json'
        folder.mkdir(parents=True)
        for i, pixels in enumerate(camera.project(points)):
            person = dict(person_id=[-1], pose_keypoints_2d=np.column_stack([pixels, np.ones(37)]).ravel().tolist())
            (folder / f'{name}_{i:06d}.json').write_text(json.dumps(dict(version=1.3, people=[person])))
    (root / 'calibration').mkdir()
    rtoml.dump(calibration, root / 'calibration' / 'Calib.toml')


def test_triangulation_writes_all_markers(tmp_path, caplog):
    rng = np.random.default_rng(0)
    body = Body.sample(rng)
    points = keypoints(body, forward(body, sequence('walk', body, rng, 1., 15)))
    write_project(tmp_path, points)
    (tmp_path / 'Config.toml').write_text(skeleton_toml())
    config = rtoml.load(tmp_path / 'Config.toml')
    config['pose']['pose_model'] = 'CUSTOM_3D'
    config.update(project=dict(project_dir=str(tmp_path), frame_rate=15),
                  triangulation=dict(reproj_error_threshold_triangulation=15, min_cameras_for_triangulation=2,
                                     make_c3d=False))
    triangulate_all(config)
    lines = next((tmp_path / 'pose-3d').glob('*.trc')).read_text().splitlines()
    names = [name for name in lines[3].split('\t')[2:] if name]
    assert sorted(names) == sorted(skeleton.POSE2SIM)
    found = np.array([[float(value) for value in line.split('\t')[2:] if value] for line in lines[5:] if line])
    np.testing.assert_allclose(found.reshape(len(points), 37, 3),
                               points[:, [skeleton.POSE2SIM.index(name) for name in names]], atol=1e-6)
    assert 'No left/right swap was performed' not in caplog.text


def test_a_file_for_rgb_is_refused(files):
    with pytest.raises(ValueError, match=r'rgb\.onnx is not for BGR pictures'):
        settings_toml(files['rgb'])
