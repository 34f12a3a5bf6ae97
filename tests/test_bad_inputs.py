"""Bad inputs of all kinds that were tried: each ends in one clear error, a warning that counts, or a right result.

To these belong the messages: an error names the file, and the field where there is one. What they are built of is in
`bad_inputs`, a module for each kind of file.
"""

import re
from collections import Counter

import pytest
from mmengine.registry import init_default_scope

from bad_inputs import (
    annotations,
    boxes,
    cameras,
    checkpoints,
    images,
    npz,
    onnx_files,
    options,
    outputs,
    simspine_h5,
    videos,
)

GROUPS = dict(
    annotations=annotations,
    boxes=boxes,
    cameras=cameras,
    checkpoints=checkpoints,
    h5=simspine_h5,
    images=images,
    npz=npz,
    onnx=onnx_files,
    options=options,
    outputs=outputs,
    videos=videos,
)
CASES = {f'{group}: {name}': case for group, module in GROUPS.items() for name, case in module.CASES.items()}
_LONGEST = 1200  # characters of a clear error
#: How many there are of each; those of annotations are each given to check_dataset, to a training and to a test.
COUNTS = dict(
    annotations=177,
    boxes=45,
    cameras=34,
    checkpoints=38,
    h5=14,
    images=30,
    npz=32,
    onnx=29,
    options=44,
    outputs=20,
    videos=20,
)


class Place:
    """Where a case is tried.

    Attributes:
        folder: an empty one.
        inferencer: of the shipped model, without a detector.
        monkeypatch: pytest's.
    """

    def __init__(self, folder, inferencer, monkeypatch):
        self.folder, self.inferencer, self.monkeypatch = folder, inferencer, monkeypatch


@pytest.fixture(scope='session')
def inferencer():
    from spinepose_mm.inference import SpinePoseInferencer

    init_default_scope('mmpose')
    return SpinePoseInferencer('spinepose-tiny', det_model='whole_image', device='cpu')


@pytest.fixture
def place(tmp_path, inferencer, monkeypatch):
    return Place(tmp_path, inferencer, monkeypatch)


@pytest.mark.parametrize('case', CASES.values(), ids=CASES)
def test_ends_in_one_clear_error_a_counted_warning_or_a_right_result(case, place, warnings):
    if case.error is None:
        found = case.run(place)
        assert case.warning is None or re.search(case.warning, warnings(), re.DOTALL), warnings()
        assert case.result is None or case.result(found), found
        return
    with pytest.raises((OSError, ValueError)) as caught:
        case.run(place)
    text = str(caught.value)
    assert re.search(case.error, text, re.DOTALL) and len(text) < _LONGEST, text
    assert not list(place.folder.rglob('*.part*'))


def test_as_many_kinds_as_were_tried():
    """So that none is lost: how many there are of each kind of file, and that each says how it ends."""
    counts = Counter(name.partition(':')[0] for name in CASES)
    assert counts == COUNTS and len(annotations.CONTENTS) == 59
    assert all(case.error or case.warning or case.result for case in CASES.values())
