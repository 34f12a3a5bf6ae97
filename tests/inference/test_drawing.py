import numpy as np
import pytest
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from spinepose_mm import skeleton
from spinepose_mm.inference.drawing import draw_views
from spinepose_mm.synthetic.body import Body, forward, keypoints, rest

SPINE = np.array(skeleton.bone_color(('spine_01', 'hip')))[::-1]
LEFT = np.array(skeleton.KEYPOINTS[skeleton.index('left_knee')].color)[::-1]
RIGHT = np.array(skeleton.KEYPOINTS[skeleton.index('right_knee')].color)[::-1]


def people(coordinates='world', turn=0.):
    """Return one person who stands on the ground, turned about the vertical, as the inferencer does."""
    pose = rest()
    pose['pelvis_rotation'] += turn
    points = keypoints(Body(), forward(Body(), pose))
    points[..., 1] -= points[..., 1].min()
    if coordinates == 'camera':
        points = points * [1, -1, -1] + [0, 1, 4]
    return PoseDataSample(pred_instances=InstanceData(
        keypoints=points, keypoint_scores=np.ones((1, 37)), keypoints_2d=np.full((1, 37, 2), 50.)),
        metainfo=dict(coordinates=coordinates))


def where(view, color):
    """Return the mean (row, column) of the pixels of a colour."""
    found = np.argwhere((np.abs(view.astype(int) - color) < 60).all(-1))
    assert len(found) > 5
    return found.mean(0)


@pytest.mark.parametrize('turn', [0., 70.])
@pytest.mark.parametrize('coordinates', ['world', 'camera'])
def test_a_person_stands_upright_and_faces_the_viewer(coordinates, turn):
    drawn = draw_views(np.zeros((300, 400, 3), np.uint8), people(coordinates, turn))
    assert drawn.shape == (300, 1000, 3)
    side, front = drawn[:, 400:700], drawn[:, 700:]
    for view in (side, front):
        assert where(view, SPINE)[0] < where(view, RIGHT)[0] - 20  # the spine is over the arms and legs
    assert where(front, LEFT)[1] > where(front, RIGHT)[1] + 5  # the left is on the viewer's right
    assert np.ptp(np.argwhere((np.abs(side.astype(int) - RIGHT) < 60).all(-1))[:, 1]) < 60  # seen edge-on, feet and all


def test_the_ground_is_drawn_in_the_world_alone():
    world, camera = (draw_views(np.zeros((300, 400, 3), np.uint8), people(name)) for name in ('world', 'camera'))
    assert (world[-5:, 450:650] != camera[-5:, 450:650]).any(-1).mean() > .9
    feet = np.argwhere((np.abs(world[:, 400:700].astype(int) - RIGHT) < 60).all(-1))[:, 0].max()
    ground = np.argwhere((world[:, 450] == world[-1, 450]).all(-1))[:, 0].min()
    assert abs(feet - ground) < 6


def test_nobody():
    sample = PoseDataSample(pred_instances=InstanceData(keypoints=np.zeros((0, 37, 3))), metainfo={})
    assert draw_views(np.zeros((300, 400, 3), np.uint8), sample).shape == (300, 1000, 3)
