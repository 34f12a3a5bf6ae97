"""SIMSPINE through Hugging Face `datasets`: a data set that it saved, and Parquet files."""

import sys

import numpy as np
import pytest

import simspine_release
from spinepose_mm.datasets.simspine.hub import convert_hub
from spinepose_mm.datasets.simspine.npz import read_npz
from spinepose_mm.structures.simspine_layout import LAYOUT

FIELDS = tuple(LAYOUT)


@pytest.fixture(scope='module')
def splits(tmp_path_factory):
    """The module `datasets`, without a net, and {split: fields as released}."""
    # This folder is `datasets` too.
    pytest.importorskip('datasets.config', reason='Hugging Face datasets is not installed')
    import datasets

    datasets.config.HF_DATASETS_CACHE = tmp_path_factory.mktemp('cache')
    made = simspine_release.make(('S1', 'S9'), frames=4)
    return datasets, {
        split: {field: value for field, value in simspine_release.labels(made, [subject]).items() if field in FIELDS}
        for split, subject in (('train', 'S1'), ('test', 'S9'))
    }


def data(datasets, fields, **columns):
    columns = {field: values.tolist() for field, values in {**fields, **columns}.items() if values is not None}
    return datasets.Dataset.from_dict(columns)


def check(files, splits, joints=15):
    for file, (split, fields) in zip(files, splits.items()):
        assert file.name == f'simspine_{split}.npz'
        found, info = read_npz(file, FIELDS)
        assert len(info['joint_names']) == joints
        assert found['imgname'].tolist() == fields['imgname'].tolist()
        for field in FIELDS[1:]:
            np.testing.assert_allclose(found[field], fields[field], rtol=1e-5, err_msg=field)


def test_a_saved_data_set(splits, tmp_path, monkeypatch):
    datasets, fields = splits
    splits = {split: data(datasets, values) for split, values in fields.items()}
    datasets.DatasetDict(splits).save_to_disk(tmp_path / 'hub')
    monkeypatch.setattr('spinepose_mm.datasets.simspine.hub._FRAMES', 7)  # of 32: several parts, the last one shorter
    check(convert_hub(tmp_path / 'hub', tmp_path / 'out'), fields)
    assert read_npz(tmp_path / 'out/simspine_test.npz', ['part'])[1]['joint_names'] == list(simspine_release.MARKERS)
    with pytest.raises(FileExistsError, match=r'simspine_train\.npz is there already'):
        convert_hub(tmp_path / 'hub', tmp_path / 'out')


def test_parquet_files_and_37_markers(splits, tmp_path):
    datasets, _ = splits
    made = simspine_release.make(('S9',), frames=2)
    fields = {
        field: value
        for field, value in simspine_release.labels(made, ['S9'], simspine_release.NAMES).items()
        if field in FIELDS
    }
    (tmp_path / 'hub').mkdir()
    names = np.tile(simspine_release.NAMES, (len(fields['part']), 1))
    data(datasets, fields, joint_names=names).to_parquet(tmp_path / 'hub/test-00000-of-00001.parquet')
    (file,) = convert_hub(tmp_path / 'hub', tmp_path / 'out')
    check([file], dict(test=fields), 37)
    data(datasets, fields).to_parquet(tmp_path / 'hub/test-00000-of-00001.parquet')
    with pytest.raises(ValueError, match=r'hub \(test\) has 37 joints, and no column joint_names'):
        convert_hub(tmp_path / 'hub', tmp_path / 'not')
    assert not (tmp_path / 'not').exists()


@pytest.mark.parametrize(
    'columns, message',
    [
        (
            dict(S_world=None),
            r'hub \(train\) has 16 frames and the columns imgname, center.*, where S_world is expected',
        ),
        (dict(part=np.ones((16, 14, 3))), r'hub \(train\) has 14 joints, and no column joint_names'),
        (dict(S=np.ones((16, 15, 3))), r'hub \(train\): S has the shape \(1, 15, 3\), where'),
    ],
)
def test_what_does_not_fit_is_named(splits, tmp_path, columns, message):
    datasets, fields = splits
    fields = {field: values[:16] for field, values in fields['train'].items()}
    datasets.DatasetDict(train=data(datasets, fields, **columns)).save_to_disk(tmp_path / 'hub')
    with pytest.raises(ValueError, match=message):
        convert_hub(tmp_path / 'hub', tmp_path / 'out')
    assert not list(tmp_path.glob('out/*'))


def test_no_such_data_set_and_other_splits(splits, tmp_path, monkeypatch):
    datasets, fields = splits
    monkeypatch.setattr(datasets.config, 'HF_HUB_OFFLINE', True)
    with pytest.raises(OSError, match='nowhere'):
        convert_hub(tmp_path / 'nowhere', tmp_path)
    datasets.DatasetDict(dev=data(datasets, fields['test'])).save_to_disk(tmp_path / 'hub')
    with pytest.raises(ValueError, match='hub has the splits dev, where train and test are expected'):
        convert_hub(tmp_path / 'hub', tmp_path)


def test_without_datasets(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'datasets', None)
    with pytest.raises(ImportError, match='dfki-av/simspine needs Hugging Face datasets: pip install datasets'):
        convert_hub('dfki-av/simspine', tmp_path)
