import numpy as np
import pytest
from mmengine.config import Config

import builders
from spinepose_mm.evaluation.mean_pose import evaluate_mean_pose, mean_pose


def person(points, visible, box):
    return dict(keypoints=np.array([points], float), keypoints_visible=np.array([visible]), bbox=np.array([box], float))


def test_mean_by_hand():
    people = [
        person([[10, 10], [30, 20], [0, 0]], [1, 1, 0], [10, 10, 30, 50]),  # (0, 0) and (1, .25) of the box
        person([[10, 20], [99, 99], [0, 0]], [1, 0, 0], [0, 0, 20, 40]),
    ]  # (.5, .5); the others not labelled
    np.testing.assert_allclose(mean_pose(people), [[0.25, 0.25], [1, 0.25], [0.5, 0.5]])


def test_people_who_stand_alike_are_found_exactly(tmp_path):
    """The box moves and grows with the person, so that all people have the mean pose."""
    people = []
    for i, (shift, scale) in enumerate(((0, 1), (5, 1.2), (10, 0.8))):
        flat = np.array(builders.keypoints()).reshape(-1, 3)
        flat[:, :2] = flat[:, :2] * scale + shift
        low, high = flat[:, :2].min(0), flat[:, :2].max(0)
        people.append(builders.person(i + 1, keypoints=flat.ravel().tolist(), bbox=[*low, *(high - low)]))
    image = dict(id=1, file_name='1.jpg', width=400, height=400)
    path = builders.write_annotations(tmp_path / 'a.json', people, [image])
    data = dict(type='SpineTrackDataset', ann_file=str(path), data_prefix=dict(img=str(tmp_path)))
    cfg = Config(
        dict(
            train_dataloader=dict(dataset=data),
            test_dataloader=dict(dataset=dict(data, test_mode=True)),
            test_evaluator=dict(type='SpineTrackMetric'),
        )
    )
    assert evaluate_mean_pose(cfg)['spinetrack/all_AP'] == pytest.approx(1)
