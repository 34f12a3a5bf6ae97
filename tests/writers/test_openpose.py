import json
import os
from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from result_video import LIFTED, RATE, UNLIFTED, make_people, make_video, walk, write
from spinepose_mm import skeleton
from spinepose_mm.lifting import Camera
from spinepose_mm.structures.frame import Frame, no_people
from spinepose_mm.writers import OpenPoseWriter

SPINE = list(skeleton.SUBSETS['spine'])


@pytest.fixture
def pose2sim():
    """Pose2Sim's modules, by name."""
    with np.printoptions():  # which its import changes for good
        return SimpleNamespace(
            **{
                name: pytest.importorskip(f'Pose2Sim.{name}')
                for name in ('common', 'personAssociation', 'triangulation')
            }
        )


def read(folder):
    return [json.loads(path.read_text()) for path in sorted(folder.iterdir())]


def test_a_file_for_each_frame(tmp_path):
    video = make_video()
    folder = write(OpenPoseWriter, tmp_path / 'side_json', video)
    assert sorted(os.listdir(folder)) == [f'side view_{i:012d}_keypoints.json' for i in range(8)]
    files = read(folder)
    assert [[person['person_id'] for person in file['people']] for file in files] == [
        [],
        [[3]],
        [[3]],
        [[3], [7]],
        [[3], [7]],
        [[3]],
        [[3], [7]],
        [[3], [7]],
    ]
    people = video[6].people
    flat = np.array([person['pose_keypoints_2d'] for person in files[6]['people']]).reshape(2, 37, 3)
    assert np.abs(flat[..., :2] - people.keypoints).max() <= 0.00501
    assert np.abs(flat[..., 2] - people.confidence).max() <= 0.0000501
    assert files[6]['people'][0]['pose_keypoints_3d'] == [] and 'coordinates' not in files[6]


def test_pose2sim_reads_each_frame(pose2sim, tmp_path):
    video = make_video()
    folder = write(OpenPoseWriter, tmp_path / 'side_json', video)
    names = pose2sim.common.sort_stringlist_by_last_number(os.listdir(folder))
    for frame, name in zip(video, names):
        persons = pose2sim.personAssociation.read_json(folder / name)
        assert [len(person) for person in persons] == [37 * 3] * len(frame.people)
        x, y, likelihood = pose2sim.triangulation.extract_files_frame_f([folder / name], range(26))
        assert x.shape == ((len(frame.people), 1, 26) if len(frame.people) else (0,))
        if len(frame.people):
            np.testing.assert_allclose(np.stack([x, y], -1)[:, 0], frame.people.keypoints[:, :26], atol=0.00501)
            np.testing.assert_allclose(likelihood[:, 0], frame.people.confidence[:, :26], atol=0.0000501)
    files = [folder / names[i] for i in (3, 1, 0)]  # of two people, one, and none
    pairs = pose2sim.personAssociation.persons_combinations(files)
    np.testing.assert_equal(pairs, [[0, 0, np.nan], [1, 0, np.nan]])


def test_pose2sim_triangulates_from_three_cameras(pose2sim, tmp_path):
    points = walk(1, 20)
    (tmp_path / 'Config.toml').write_text('')
    (tmp_path / 'calibration').mkdir()
    with open(tmp_path / 'calibration' / 'Calib.toml', 'w') as calibration:
        for i, position in enumerate([[1, 1.4, 4], [-3, 1.5, 3], [4, 1.2, -1]], 1):
            camera = Camera.looking(position, [0, 1, 0], 45, (640, 480))
            values = dict(
                size=camera.size,
                matrix=camera.K.tolist(),
                distortions=[0.0] * 4,
                rotation=cv2.Rodrigues(camera.R)[0].ravel().tolist(),
                translation=camera.t.tolist(),
            )
            calibration.write(f'[cam{i}]\n' + ''.join(f'{key} = {list(value)}\n' for key, value in values.items()))
            video = []
            for t, place in enumerate(points):
                people = make_people([0], place[None])
                people.keypoints = camera.project(place)[None]
                video.append(Frame(t, t / RATE, f'cam{i}.mp4', people=people))
            write(OpenPoseWriter, tmp_path / 'pose' / f'cam{i}_json', video)
    pose2sim.triangulation.triangulate_all(
        dict(
            project=dict(project_dir=str(tmp_path), multi_person=False, frame_rate=25, frame_range='all'),
            pose=dict(pose_model='HALPE_26'),
            triangulation=dict(
                reproj_error_threshold_triangulation=5,
                likelihood_threshold_triangulation=0.3,
                make_c3d=False,
                min_cameras_for_triangulation=2,
                interpolation='none',
                interp_if_gap_smaller_than=5,
                handle_LR_swap=False,
                undistort_points=False,
                show_interp_indices=False,
                fill_large_gaps_with='nan',
            ),
        )
    )
    (written,) = (tmp_path / 'pose-3d').iterdir()
    data, frames, *_ = pose2sim.common.read_trc(written)
    assert len(frames) == 20
    for marker, name in (('Neck', 'neck'), ('Hip', 'hip'), ('RBigToe', 'right_big_toe'), ('LKnee', 'left_knee')):
        found = data[marker].to_numpy()[:, [2, 0, 1]]  # it takes the world to be Z up, and turns it
        np.testing.assert_allclose(found, points[:, skeleton.index(name)], atol=0.0005)
    assert np.isnan(data['LWrist'].to_numpy(float)).all()  # of a score under its threshold


def test_frames_that_were_left_out_have_no_people(tmp_path):
    video = make_video()
    folder = write(OpenPoseWriter, tmp_path / 'side_json', [video[2], video[5], video[7]])
    assert [len(file['people']) for file in read(folder)] == [0, 0, 1, 0, 0, 1, 0, 2]


def test_images_have_files_of_their_own(tmp_path):
    frames = [
        replace(frame, time=np.nan, path=f'images/{name}.jpg') for frame, name in zip(make_video()[3:7:3], ('b', 'a.1'))
    ]
    frames[0].people.ids = None
    folder = write(OpenPoseWriter, tmp_path / 'all_json', frames, frame_rate=None)
    assert sorted(os.listdir(folder)) == [f'a.1_{6:012d}_keypoints.json', f'b_{3:012d}_keypoints.json']
    assert [[person['person_id'] for person in file['people']] for file in read(folder)] == [[[3], [7]], [[-1], [-1]]]


def test_points_in_space(tmp_path):
    video = make_video('camera')
    files = read(write(OpenPoseWriter, tmp_path / 'side_json', video, **{**LIFTED, 'coordinates': 'camera'}))
    assert files[1]['coordinates'] == 'camera'
    flat = np.array([person['pose_keypoints_3d'] for person in files[UNLIFTED]['people']]).reshape(2, 37, 4)
    people = video[UNLIFTED].people
    np.testing.assert_allclose(flat[0, :, :3], people.points[0], atol=0.00000501)
    np.testing.assert_allclose(flat[0, :, 3], people.confidence[0], atol=0.0000501)
    assert (flat[1] == 0).all()  # could not be lifted
    assert files[UNLIFTED]['people'][1]['pose_keypoints_2d'][0] > 0


def test_the_spine_alone(tmp_path):
    video = make_video('world')
    person = read(write(OpenPoseWriter, tmp_path / 'side_json', video, spine_only=True, **LIFTED))[1]['people'][0]
    for key, truth in (('pose_keypoints_2d', video[1].people.keypoints), ('pose_keypoints_3d', video[1].people.points)):
        flat = np.reshape(person[key], (37, -1))
        np.testing.assert_allclose(flat[SPINE, :-1], truth[0, SPINE], atol=0.00501)
        assert not np.delete(flat, SPINE, axis=0).any()


def test_missing_values_are_zero(tmp_path):
    video = make_video()[1:2]
    video[0].people.keypoints[0, 5, 1] = np.nan
    person = read(write(OpenPoseWriter, tmp_path / 'side_json', video))[1]['people'][0]
    assert person['pose_keypoints_2d'][15:18] == [0, 0, 0] and person['pose_keypoints_2d'][18] > 0


def test_an_empty_video(tmp_path):
    assert read(write(OpenPoseWriter, tmp_path / 'a_json', [])) == []
    video = [Frame(i, i / RATE, 'a.mp4', people=no_people()) for i in range(2)]
    assert read(write(OpenPoseWriter, tmp_path / 'a_json', video)) == [dict(version=1.3, people=[])] * 2


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    folder = write(OpenPoseWriter, tmp_path / 'side_json', make_video())
    (folder / 'notes.txt').write_text('mine')
    with pytest.raises(FileExistsError, match=r'side_json holds notes\.txt, which is none of OpenPose'):
        OpenPoseWriter(folder, RATE)
    with pytest.raises(NotADirectoryError, match=r'notes\.txt is a file, where a folder is to be written'):
        OpenPoseWriter(folder / 'notes.txt', RATE)
    assert len(os.listdir(folder)) == 9 and os.listdir(tmp_path) == ['side_json']
