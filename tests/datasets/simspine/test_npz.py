import io
import os
import re
import zipfile

import numpy as np
import pytest

import builders
from spinepose_mm import skeleton
from spinepose_mm.datasets.simspine.npz import joint_keypoints, read_npz
from spinepose_mm.structures.simspine_layout import LAYOUT

FIELDS = list(LAYOUT)


def test_all_fields_of_the_layout(tmp_path):
    path = builders.write_simspine(tmp_path / 'simspine_train.npz')
    arrays, info = read_npz(path, FIELDS, optional=['K'])
    assert {name: array.shape for name, array in arrays.items()} == dict(
        imgname=(32,),
        center=(32, 2),
        scale=(32,),
        part=(32, 15, 3),
        S=(32, 15, 4),
        S_world=(32, 15, 4),
        angles=(32, 62),
    )
    assert info['root_name'] == 'Hip' and info['root_index'] == 0 and len(info['param_names']) == 62
    assert joint_keypoints(path, info['joint_names']).tolist() == [
        skeleton.index(name)
        for name in (
            'S1',
            'L5',
            'L3',
            'L1',
            'T8',
            'T3',
            'C7',
            'C4',
            'C1',
            'head',
            'nose',
            'left_clavicle',
            'right_clavicle',
            'left_latissimus',
            'right_latissimus',
        )
    ]


def test_what_the_renderer_writes_is_of_this_layout(rendered):
    arrays, info = read_npz(rendered / 'annotations/synthetic_train.npz', LAYOUT)
    assert arrays['part'].shape == (24, 37, 3)
    assert joint_keypoints('', info['joint_names']).tolist() == list(range(37))


class Code:
    def __reduce__(self):
        return os.system, ('touch RUN',)


@pytest.mark.parametrize(
    'fields, message',
    [
        (dict(part=None), "has no field 'part'"),
        (dict(metadata=None), "has no field 'metadata'"),
        (dict(scale=np.ones(31)), r'scale has the shape \(31,\).* with N = 32, as imgname has'),
        (
            dict(part=np.ones((32, 17, 3))),
            r"part has the shape \(32, 17, 3\).*K = 15, as metadata\['joint_names'\] has",
        ),
        (dict(part=np.ones((32, 15, 2))), r"part has the shape \(32, 15, 2\), where \('N', 'K', 3\) is expected"),
        (dict(center=np.ones(32)), r'center has the shape \(32,\)'),
        (dict(center=np.full((32, 2), 'a')), 'center does not hold numbers'),
        (dict(part=np.array([None] * 32)), 'part'),
        (dict(angles=np.ones((32, 61))), r"angles .*A = 62, as metadata\['param_names'\] has"),
        (dict(metadata=np.array(dict(joint_names=3), dtype=object)), "metadata has no list 'joint_names'"),
        (dict(metadata=np.array([1, 2])), 'metadata is not a dict'),
        (dict(metadata=np.array(Code(), dtype=object)), 'metadata was refused: it holds .*system, which is code'),
    ],
)
def test_bad_files_name_the_file_and_the_field(tmp_path, monkeypatch, fields, message):
    monkeypatch.chdir(tmp_path)
    path = builders.write_simspine(tmp_path / 'bad.npz', **fields)
    with pytest.raises(ValueError, match=r'bad\.npz.*' + message):
        read_npz(path, FIELDS)
    assert not (tmp_path / 'RUN').exists()


def test_truncated_missing_and_other_files(tmp_path):
    path = builders.write_simspine(tmp_path / 'a.npz')
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], b'', b'text'):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r'a\.npz is truncated, or no such file'):
            read_npz(path, ['part'])
    with pytest.raises(FileNotFoundError, match=r'b\.npz does not exist'):
        read_npz(tmp_path / 'b.npz', ['part'])


def test_metadata_of_broken_bytes(tmp_path):
    path = builders.write_simspine(tmp_path / 'a.npz', metadata=None)
    for content in (b'text', b'\x93NUMPY\x09\x00' + bytes(20)):
        with zipfile.ZipFile(path, 'a') as archive:
            archive.writestr('metadata.npy', content)
        with pytest.raises(ValueError, match=r'a\.npz: metadata cannot be read'):
            read_npz(path, ['part'])


@pytest.mark.parametrize(
    'header, message',
    [
        (dict(shape=(10**12,)), 'its header says 8000000000000 bytes, and it has 256'),
        (dict(shape=(31,)), 'its header says 248 bytes, and it has 256'),
        (dict(shape=(-32,)), 'its header says the shape (-32,)'),
        (dict(shape=(2**40, 2**40), descr='<U0'), ''),
        (dict(descr='|O'), 'it is of the type object'),
        (dict(descr=[('a', '<f8')]), "it is of the type [('a', '<f8')]"),
        (dict(descr=('<f8', (10**6,))), 'it is of the type'),
        (dict(descr='(' * 5000), ''),
    ],
)
def test_headers_that_say_something_else_than_the_file_has(tmp_path, header, message):
    """Nothing is allocated for what a header says: the first would take 8 TB."""
    path = builders.write_simspine(tmp_path / 'a.npz', scale=None)
    entry = io.BytesIO()
    np.lib.format.write_array_header_1_0(entry, dict(dict(descr='<f8', fortran_order=False, shape=(32,)), **header))
    with zipfile.ZipFile(path, 'a') as archive:
        archive.writestr('scale.npy', entry.getvalue() + bytes(256))
    with pytest.raises(ValueError, match=r'a\.npz: scale cannot be read: .*' + re.escape(message)):
        read_npz(path, ['scale'])


def test_metadata_that_grow(tmp_path):
    path = builders.write_simspine(tmp_path / 'a.npz', metadata=None)
    with zipfile.ZipFile(path, 'a', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('metadata.npy', bytes(1 << 24))
    assert path.stat().st_size < 1 << 18
    with pytest.raises(ValueError, match=r'a\.npz: metadata cannot be read: it has 16777216 bytes, where at most'):
        read_npz(path, ['part'])


@pytest.mark.parametrize('kind', [list, tuple, np.array, lambda names: np.array(names, object)])
def test_names_in_metadata_may_be_a_list_or_an_array(tmp_path, kind):
    joints, axes = list(skeleton.SIMSPINE), [f'axis_{i}' for i in range(62)]
    info = dict(joint_names=kind(joints), param_names=kind(axes), parent_ids=np.arange(15), root_index=np.int64(0))
    path = builders.write_simspine(tmp_path / 'a.npz', metadata=np.array(info, object))
    found = read_npz(path, ['part'])[1]
    assert list(found['joint_names']) == joints and list(found['param_names']) == axes
    assert found['parent_ids'].tolist() == list(range(15)) and found['root_index'] == 0


@pytest.mark.parametrize('names', [[1, 2], [['a']], [None], np.array([b'a'])])
def test_names_that_are_none(tmp_path, names):
    path = builders.write_simspine(
        tmp_path / 'a.npz', metadata=np.array(dict(joint_names=names, param_names=[]), object)
    )
    with pytest.raises(ValueError, match=r"a\.npz: metadata\['joint_names'\] does not hold names alone"):
        read_npz(path, ['part'])


def test_unknown_joint():
    with pytest.raises(ValueError, match=r"x\.npz: metadata\['joint_names'\] has 'Tail', which is no keypoint"):
        joint_keypoints('x.npz', ['Hip', 'Tail'])
    with pytest.raises(ValueError, match=r"x\.npz: metadata\['joint_names'\] has 'hip' twice"):
        joint_keypoints('x.npz', ['Hip', 'Nose', 'hip'])


def test_the_37_markers_have_pose2sims_names():
    """Its names of Halpe-26, whose order is theirs and SpineTrack's, written out."""
    names = (
        'Nose LEye REye LEar REar LShoulder RShoulder LElbow RElbow LWrist RWrist LHip RHip LKnee RKnee LAnkle '
        'RAnkle Head Neck Hip LBigToe RBigToe LSmallToe RSmallToe LHeel RHeel'
    ).split()
    assert joint_keypoints('', names).tolist() == list(range(26))
    assert joint_keypoints('', ['Spine_03', 'RClavicle', 'Neck_03']).tolist() == [28, 34, 36]
