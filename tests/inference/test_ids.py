import numpy as np
import pytest
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from spinepose_mm.inference.ids import Ids


def person(x):
    """Return somebody whose box begins at x."""
    points = np.random.default_rng(0).uniform(0, 100, (1, 37, 2)) + [x, 0]
    return PoseDataSample(pred_instances=InstanceData(
        bboxes=np.array([[x, 0, x + 100, 100.]]), keypoints=points, keypoint_scores=np.ones((1, 37))))


@pytest.mark.parametrize('by_keypoints', [False, True])
def test_people_keep_their_ids(by_keypoints):
    ids = Ids(by_keypoints, .3)

    def update(*places):
        return [(found.track_id, found.pred_instances.bboxes[0, 0]) for found in ids.update(list(map(person, places)))]
    assert update(0, 300) == [(0, 0), (1, 300)]
    assert update(310, 5) == [(0, 5), (1, 310)]  # in the order of the ids
    assert update(312) == [(1, 312)]
    assert update() == []
    assert update(600, 8) == [(0, 8), (2, 600)]  # back again, and somebody new
    for _ in range(30):
        update(8)
    assert update(8, 312) == [(0, 8), (3, 312)]  # lost for too long
