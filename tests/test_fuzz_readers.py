"""Whatever is in a file: its reader gives a result, or one ValueError that names the file, and nothing else.

Files are sound ones with something else at any of their places, or with other bytes. The seeds are fixed.
"""

import copy
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS

import builders
from bad_inputs import annotations, cameras
from evaluated import META
from spinepose_mm.datasets.simspine.npz import joint_keypoints, read_npz
from spinepose_mm.datasets.validation.report import validate
from spinepose_mm.deployment.runtime import read_metadata
from spinepose_mm.evaluation import SpineTrackMetric
from spinepose_mm.inference.boxes import Boxes
from spinepose_mm.lifting import read_cameras
from spinepose_mm.structures.frame import Frame
from spinepose_mm.structures.simspine_layout import LAYOUT

NUMBERS = st.one_of(st.integers(-3, 3), st.floats(), st.sampled_from([10**400, -(10**30), 2**63, 1e308]))
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=4), st.sampled_from(['1', '-1', '1.5', 'nan']))
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=3), inner, max_size=2)),
    max_leaves=5,
)


def tried(count):
    return settings(
        derandomize=True, max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )


@st.composite
def changed(draw, document, changes=2):
    """Draw a document of JSON's with other values at some of its places, or without them."""
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, changes))):
        place, inside = None, document
        while isinstance(inside, (dict, list)) and inside and (place is None or draw(st.booleans())):
            place = inside, draw(st.sampled_from(sorted(inside) if isinstance(inside, dict) else range(len(inside))))
            inside = inside[place[1]]
        if place is None:
            return draw(VALUES)
        if draw(st.integers(0, 4)):
            place[0][place[1]] = draw(VALUES)
        else:
            del place[0][place[1]]
    return document


@st.composite
def damaged(draw, content):
    """Draw the bytes of a file with others at some places, or cut, or none of them."""
    kind = draw(st.integers(0, 4))
    if kind == 0:
        return draw(st.binary(max_size=60))
    if kind == 1:
        return content[: draw(st.integers(0, len(content)))]
    content = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        at, new = draw(st.integers(0, len(content) - 1)), draw(st.binary(min_size=1, max_size=4))
        content[at : at + (len(new) if kind < 4 else 0)] = new
    return bytes(content)


def ends_clearly(path, read):
    """Read a file; all but an error that names it fails the test."""
    try:
        read()
    except (FileNotFoundError, ValueError) as error:
        assert path.name in str(error) and '\n' not in str(error), error


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    init_default_scope('mmpose')
    return tmp_path_factory.mktemp('fuzz')


@tried(50)
@given(
    content=st.one_of(
        changed(annotations.sound()).map(lambda found: json.dumps(found).encode()),
        damaged(json.dumps(annotations.sound()).encode()),
    )
)
def test_annotations(folder, content):
    path = folder / 'a.json'
    path.write_bytes(content)
    for i in (1, 2):
        (folder / f'{i}.jpg').touch()

    def build(**options):
        return DATASETS.build(
            dict(
                type='SpineTrackDataset',
                ann_file=str(path),
                serialize_data=False,
                data_prefix=dict(img=str(folder)),
                **options,
            )
        )

    def measure():
        SpineTrackMetric(ann_file=str(path)).dataset_meta = copy.deepcopy(META)

    for read in (lambda: validate(path).text(), build, lambda: build(test_mode=True), measure):
        ends_clearly(path, read)


@tried(100)
@given(kind=st.sampled_from(['json', 'csv']), data=st.data())
def test_boxes(folder, kind, data):
    frames, named = [[[1.0, 2, 11, 22]]] * 3, {'0': [[1.0, 2, 11, 22]], '2': []}
    detected = [dict(image_id=0, bbox=[1.0, 2, 10, 20], score=0.5)] * 2
    path = folder / f'b.{kind}'
    if kind == 'json':
        document = data.draw(st.sampled_from([frames, named, detected]))
        path.write_text(json.dumps(data.draw(changed(document))))
    else:
        path.write_bytes(data.draw(damaged(b'frame,x1,y1,x2,y2\n0,1,2,11,22\n2.0,3,4,33,44\n')))

    def read():
        boxes = Boxes(path)
        for index in range(3):
            frame = Frame(index, index / 30, 'clip.mp4')
            boxes.meet(frame)
            found = boxes.of(frame)
            assert found.shape[1:] == (4,) and np.isfinite(found).all() and (found[:, 2:] > found[:, :2]).all()

    ends_clearly(path, read)


@tried(120)
@given(data=st.data())
def test_calibration_files(folder, data):
    kind, content = data.draw(
        st.sampled_from([('toml', cameras.TABLE), ('yml', cameras.YML), ('xml', cameras.XML), ('json', cameras.JSON)])
    )
    path = folder / f'c.{kind}'
    path.write_bytes(data.draw(damaged(content.encode())))

    def read():
        for camera in read_cameras(path):
            assert all(np.isfinite(value).all() for value in (camera.K, camera.R, camera.t, camera.dist))

    ends_clearly(path, read)


@tried(100)
@given(
    field=st.sampled_from(['keypoint_names', 'mean', 'std', 'input_size']),
    text=st.one_of(VALUES.map(json.dumps), changed([1.0, 2, 3], 1).map(json.dumps), st.text(max_size=6)),
)
def test_metadata_of_onnx_files(folder, field, text):
    path = folder / 'n.onnx'

    def read():
        found = read_metadata(path, {field: text})[field]
        assert field == 'keypoint_names' or np.isfinite(np.array(found, float)).all()

    ends_clearly(path, read)


@pytest.fixture(scope='module')
def small(folder):
    return builders.write_simspine(folder / 'small.npz', names=builders.simspine_names()[:2], axes=2).read_bytes()


@tried(100)
@given(data=st.data())
def test_annotation_files_of_simspine(folder, small, data):
    path = folder / 's.npz'
    path.write_bytes(data.draw(damaged(small)))

    def read():
        arrays, info = read_npz(path, tuple(LAYOUT))
        joint_keypoints(path, info['joint_names'])
        assert len({len(values) for values in arrays.values()}) == 1

    ends_clearly(path, read)
