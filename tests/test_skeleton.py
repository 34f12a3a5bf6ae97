import numpy as np
import pytest
from anytree import PreOrderIter
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from Pose2Sim.skeletons import HALPE_26

from spinepose_mm import skeleton


def test_shares_the_order_of_coco_and_halpe26():
    coco = parse_pose_metainfo(dict(from_file='configs/_base_/datasets/coco.py'))
    halpe = parse_pose_metainfo(dict(from_file='configs/_base_/datasets/halpe26.py'))
    assert list(skeleton.NAMES[:17]) == [coco['keypoint_id2name'][i] for i in range(17)]
    assert list(skeleton.NAMES[:26]) == [halpe['keypoint_id2name'][i] for i in range(26)]
    np.testing.assert_allclose(skeleton.SIGMAS[:17], coco['sigmas'])


def test_spine_runs_from_c1_to_s1():
    assert skeleton.SUBSETS['spine'] == (36, 35, 18, 30, 29, 28, 27, 26, 19)
    assert [skeleton.KEYPOINTS[i].level for i in skeleton.SUBSETS['spine']] == [
        'C1',
        'C4',
        'C7',
        'T3',
        'T8',
        'L1',
        'L3',
        'L5',
        'S1',
    ]
    assert skeleton.SUBSETS['feet'] == (20, 21, 22, 23, 24, 25)
    assert skeleton.SUBSETS['all'] == tuple(range(37))


def test_index_takes_names_and_levels_and_names_the_near_ones():
    assert skeleton.index('neck_03') == skeleton.index('C1') == 36
    with pytest.raises(KeyError, match='left_clavicle'):
        skeleton.index('left_clavicel')


def test_twins_swap():
    flip = np.array(skeleton.FLIP_INDICES)
    assert (flip[flip] == np.arange(37)).all()
    assert (flip == np.arange(37)).sum() == 11  # nose, head and the nine of the spine
    assert skeleton.FLIP_INDICES[31:35] == (32, 31, 34, 33)


def test_markers_are_those_of_pose2sim_and_simspine():
    halpe = {node.id: node.name for node in PreOrderIter(HALPE_26)}
    assert len(halpe) == 22  # eyes and ears are in none of its trees of Halpe-26
    assert {i: skeleton.POSE2SIM[i] for i in halpe} == halpe
    assert {marker: skeleton.POSE2SIM[skeleton.index(name)] for marker, name in skeleton.SIMSPINE.items()} == {
        marker: marker for marker in skeleton.SIMSPINE
    }
    assert skeleton.POSE2SIM[1:5] == ('LEye', 'REye', 'LEar', 'REar')


def test_swapping_the_first_letter_of_a_marker_swaps_the_sides():
    # The rule of Pose2Sim's triangulation.
    swapped = [{'L': 'R', 'R': 'L'}.get(name[0], name[0]) + name[1:] for name in skeleton.POSE2SIM]
    assert tuple(map(skeleton.POSE2SIM.index, swapped)) == skeleton.FLIP_INDICES


def test_metainfo_is_what_mmpose_reads():
    meta = parse_pose_metainfo(skeleton.metainfo())
    assert meta['num_keypoints'] == 37 and meta['dataset_name'] == 'spinetrack'
    assert tuple(meta['flip_indices']) == skeleton.FLIP_INDICES
    assert len(meta['skeleton_links']) == len(skeleton.BONES) == len(set(skeleton.BONES)) == 39
    np.testing.assert_allclose(meta['dataset_keypoint_weights'][[0, 9, 18, 26, 31]], [1.0, 1.5, 1.5, 1.2, 1.0])
    np.testing.assert_allclose(meta['sigmas'][[18, 19, 26, 29, 31, 35, 36]], [0.04, 0.07, 0.1, 0.08, 0.12, 0.07, 0.06])


def test_every_keypoint_is_on_a_bone_and_bones_join_one_body():
    body, bones = {'hip'}, set(skeleton.BONES)
    while any(len(body & set(bone)) == 1 for bone in bones):
        body |= {name for bone in bones if body & set(bone) for name in bone}
    assert body == set(skeleton.NAMES)


def test_bones_have_the_color_of_their_side():
    assert skeleton.bone_color(('left_knee', 'left_hip')) == skeleton.KEYPOINTS[5].color
    assert skeleton.bone_color(('right_hip', 'hip')) == skeleton.KEYPOINTS[6].color
    assert skeleton.bone_color(('spine_01', 'hip')) == skeleton.KEYPOINTS[26].color
