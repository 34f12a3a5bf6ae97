import copy
import os
import pickle
import subprocess
import sys
import zipfile
from collections import OrderedDict

import mmengine.runner.checkpoint as mmengine_checkpoint
import numpy as np
import pytest
import torch
from mmdet.apis import DetInferencer
from mmengine.logging import MessageHub
from mmengine.model import BaseModel
from mmengine.runner import CheckpointLoader, Runner, load_checkpoint
from mmengine.runner.checkpoint import _load_checkpoint
from mmpose.apis.inferencers import Pose2DInferencer

import builders
from hostile_pickles import Made
from spinepose_mm.io.plain_numpy import Array
from spinepose_mm.zoo.checkpoints import CheckpointError, write_safetensors
from spinepose_mm.zoo.safe_globals import own_globals, safe_globals


class ToyModel(BaseModel):
    """The least that MMEngine's runner trains."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)

    def forward(self, inputs, mode='loss'):
        return dict(loss=self.layer(torch.stack(inputs)).sum())

    def train_step(self, data, optim_wrapper):
        return super().train_step(dict(inputs=data), optim_wrapper)


@pytest.fixture
def mmengine_made():
    """What MMEngine's runner writes beside the weights."""
    hub = MessageHub.get_instance('checkpoint test')
    for i in range(3):
        hub.update_scalar('train/loss', float(i))
        hub.update_scalar('train/acc', np.float32(i) / 2)
    return dict(
        state_dict=OrderedDict(weight=torch.arange(3.0)),
        meta=dict(epoch=1, dataset_meta=dict(sigmas=np.array([0.1, 0.2]), ids=np.arange(3), flags=np.array([True]))),
        message_hub=hub.state_dict(),
        best=np.float64(0.5),
    )


@pytest.mark.parametrize('zipped, of_numpy_1', [(True, False), (False, False), (False, True)])
def test_mmengines_own(tmp_path, mmengine_made, zipped, of_numpy_1):
    path = tmp_path / 'a.pth'
    torch.save(mmengine_made, path, _use_new_zipfile_serialization=zipped)
    if of_numpy_1:  # torch's old format is a bare pickle, into which numpy 1's name of the module can be put
        path.write_bytes(path.read_bytes().replace(b'cnumpy._core.', b'cnumpy.core.'))
        assert b'cnumpy.core.multiarray' in path.read_bytes()
    loaded = _load_checkpoint(str(path))
    assert loaded['state_dict']['weight'].tolist() == [0, 1, 2]
    np.testing.assert_array_equal(loaded['meta']['dataset_meta']['sigmas'], [0.1, 0.2])
    assert loaded['best'] == 0.5
    hub = MessageHub.get_instance('checkpoint test loaded')
    hub.load_state_dict(loaded['message_hub'])
    assert hub.get_scalar('train/loss').mean() == 1 and hub.get_scalar('train/acc').current() == 1


def test_what_a_user_allows_under_the_same_names_does_not_matter(tmp_path, mmengine_made):
    """As scripts do that load MMEngine's checkpoints without this package; of two of a name torch takes any."""
    allowed = [np.ndarray, np.dtype, np._core.multiarray.scalar, np._core.multiarray._reconstruct, bytes]
    torch.save(mmengine_made, tmp_path / 'a.pth')
    before = set(torch.serialization.get_safe_globals())
    with torch.serialization.safe_globals(allowed):
        loaded = _load_checkpoint(str(tmp_path / 'a.pth'))
        assert set(torch.serialization.get_safe_globals()) == {*before, *allowed}
    assert isinstance(loaded['meta']['dataset_meta']['sigmas'], Array) and loaded['best'] == 0.5


def test_others_that_a_user_allows_under_all_of_these_names_do_not_matter():
    """As many as this package's, which are not in torch's list where SPINEPOSE_MM_PATCHES is none."""
    before = torch.serialization.get_safe_globals()
    others = [(eval, entry[1]) if isinstance(entry, tuple) else entry for entry in safe_globals()]
    try:
        torch.serialization.clear_safe_globals()
        torch.serialization.add_safe_globals(others)
        with own_globals():
            assert set(torch.serialization.get_safe_globals()) == set(safe_globals())
        assert set(torch.serialization.get_safe_globals()) == set(others)
    finally:
        torch.serialization.clear_safe_globals()
        torch.serialization.add_safe_globals(before)


@pytest.mark.parametrize('zipped', [True, False])
@pytest.mark.parametrize(
    'function, args, named',
    [
        (os.system, ('touch {marker}',), r'posix\.system'),
        (subprocess.check_call, (['touch', '{marker}'],), r'check_call'),
        (eval, ('open("{marker}", "w")',), r'eval'),
        (getattr, (torch.Tensor, 'to'), r'getattr\(Tensor,to\)'),
    ],
)
def test_hostile_checkpoint_is_refused(tmp_path, function, args, named, zipped):
    marker, path = tmp_path / 'was run', tmp_path / 'bad.pth'
    args = [arg.format(marker=marker) if isinstance(arg, str) else arg for arg in args]
    torch.save(dict(state_dict=Made(function, *args)), path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(CheckpointError, match=rf'bad\.pth was refused: it holds .*{named}'):
        load_checkpoint(torch.nn.Linear(1, 1), str(path))
    assert not marker.exists()


@pytest.mark.parametrize('bare', [False, True])
def test_config_text_in_a_checkpoint_is_not_run_on_resuming(tmp_path, bare):
    """MMEngine runs meta['config'], whether or not the weights have a field of their own."""
    model, marker = ToyModel(), tmp_path / 'was run'
    rest = dict(
        meta=dict(epoch=0, iter=0, config=f'open({str(marker)!r}, "w")', cfg='a = 1'),
        message_hub=MessageHub.get_instance('resume test').state_dict(),
    )
    weights = model.state_dict() if bare else dict(state_dict=model.state_dict())
    torch.save({**weights, **rest}, tmp_path / 'a.pth')
    runner = Runner(
        model,
        str(tmp_path / 'work'),
        train_dataloader=dict(
            batch_size=1, dataset=[torch.zeros(1)], sampler=dict(type='DefaultSampler', shuffle=False)
        ),
        train_cfg=dict(by_epoch=True, max_epochs=1),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        load_from=str(tmp_path / 'a.pth'),
        resume=True,
        experiment_name=f'resume {bare}',
    )
    runner.train()
    assert runner.epoch == 1 and not marker.exists()


def test_config_text_in_a_checkpoint_is_not_run_by_inferencers(tmp_path):
    marker = tmp_path / 'was run'
    text = f'open({str(marker)!r}, "w")'
    torch.save(
        dict(state_dict={}, meta=dict(cfg=text), message_hub=dict(runtime_info=dict(cfg=text))), tmp_path / 'a.pth'
    )
    for inferencer in (Pose2DInferencer, DetInferencer):
        with pytest.raises(CheckpointError, match=r'a\.pth: name the config'):
            inferencer(None, weights=str(tmp_path / 'a.pth'))
    assert not marker.exists()


def test_arrays_cannot_be_placed_on_an_address(tmp_path):
    """np.ndarray((1,), 'O', b'...') would take the bytes for a pointer."""
    torch.save(dict(state_dict={}, a=Made(np.ndarray, (1,), 'O', b'A' * 8)), tmp_path / 'a.pth')
    with pytest.raises(CheckpointError, match='was refused: it holds a forged array'):
        _load_checkpoint(str(tmp_path / 'a.pth'))


@pytest.mark.parametrize(
    'content, message',
    [
        (dict(state_dict=[1]), 'state_dict is a list'),
        (dict(state_dict=None), 'state_dict is a NoneType'),
        (dict(state_dict={}, meta=None), 'meta is a NoneType'),
        ([1], 'holds a list'),
    ],
)
def test_malformed(tmp_path, content, message):
    """Where MMEngine's inferencers and runners take the weights, which fail there without naming the file."""
    torch.save(content, tmp_path / 'a.pth')
    with pytest.raises(CheckpointError, match=rf'a\.pth .*{message}'):
        Pose2DInferencer(str(builders.config('spinepose_tiny')), str(tmp_path / 'a.pth'), det_model='whole_image')
    if message != 'meta is a NoneType':  # which a runner does not look at
        runner = Runner(ToyModel(), str(tmp_path / 'work'), experiment_name=f'malformed {message}')
        with pytest.raises(CheckpointError, match=rf'a\.pth .*{message}'):
            runner.load_checkpoint(str(tmp_path / 'a.pth'))


def test_compressed_records_are_refused(tmp_path):
    """Zeros become a thousandth, so that a small file would fill the memory; no program of torch writes them so."""
    path, packed = tmp_path / 'a.pth', tmp_path / 'packed.pth'
    torch.save(dict(state_dict=dict(a=torch.zeros(1 << 20), b=torch.ones(1 << 20))), path)
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(packed, 'w', zipfile.ZIP_DEFLATED) as target:
        for record in source.infolist():
            target.writestr(record.filename, source.read(record))
    assert packed.stat().st_size < path.stat().st_size / 100
    with pytest.raises(CheckpointError, match=r'packed\.pth was refused: its record a/data\.pkl is compressed, from '):
        _load_checkpoint(str(packed))
    assert torch.load(packed)['state_dict']['a'].shape == (1 << 20,)  # torch itself takes it


def test_overlapping_records_are_refused(tmp_path):
    path = tmp_path / 'a.pth'
    torch.save(dict(state_dict=dict(a=torch.zeros(1000))), path)
    with zipfile.ZipFile(path, 'a') as archive:  # a second name in the directory for the same bytes
        record = copy.copy(next(record for record in archive.infolist() if record.filename.endswith('data/0')))
        record.filename = record.filename[:-1] + '1'
        archive.filelist.append(record)
        archive._didModify = True
    with pytest.raises(CheckpointError, match=r'a\.pth was refused: its records have \d+ bytes, and the file has \d+'):
        _load_checkpoint(str(path))


@pytest.mark.parametrize('zipped', [True, False])
@pytest.mark.parametrize('part', [0, 0.02, 0.3, 0.9, 0.99])
def test_truncated(tmp_path, mmengine_made, part, zipped):
    path = tmp_path / 'a.pth'
    torch.save(mmengine_made, path, _use_new_zipfile_serialization=zipped)
    data = path.read_bytes()
    path.write_bytes(data[: int(part * len(data))])
    with pytest.raises(CheckpointError, match=r'a\.pth is truncated, or not a checkpoint'):
        _load_checkpoint(str(path))


def test_not_a_checkpoint(tmp_path):
    path = tmp_path / 'a.pth'
    path.write_bytes(b'<html>404</html>')
    with pytest.raises(CheckpointError, match='not a checkpoint'):
        _load_checkpoint(str(path))


def test_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match='none.pth does not exist'):
        _load_checkpoint(str(tmp_path / 'none.pth'))


def test_weights_without_a_frame(tmp_path):
    model = torch.nn.Linear(2, 1)
    torch.save(dict(model.state_dict()), tmp_path / 'a.pth')
    other = torch.nn.Linear(2, 1)
    load_checkpoint(other, str(tmp_path / 'a.pth'), strict=True)
    assert torch.equal(model.weight, other.weight)


def test_safetensors(tmp_path):
    weights = {'head.final_layer.weight': torch.randn(37, 2), 'layer.steps': torch.tensor(3)}
    torch.save(dict(state_dict=weights, optimizer={}), tmp_path / 'a.pth')
    write_safetensors(tmp_path / 'a.pth', tmp_path / 'a.safetensors')
    loaded = _load_checkpoint(str(tmp_path / 'a.safetensors'))
    assert loaded['state_dict'].keys() == weights.keys() and loaded['state_dict']['layer.steps'] == 3
    assert torch.equal(loaded['state_dict']['head.final_layer.weight'], weights['head.final_layer.weight'].half())
    assert loaded['meta']['dataset_meta']['dataset_name'] == 'spinetrack'
    (tmp_path / 'b.safetensors').write_bytes((tmp_path / 'a.safetensors').read_bytes()[:40])
    with pytest.raises(CheckpointError, match=r'b\.safetensors is truncated'):
        _load_checkpoint(str(tmp_path / 'b.safetensors'))
    torch.save(dict(state_dict={'head.final_layer.weight': torch.randn(26, 2)}), tmp_path / 'c.pth')
    with pytest.raises(CheckpointError, match=r'c\.pth is no model of 37 keypoints'):
        write_safetensors(tmp_path / 'c.pth', tmp_path / 'c.safetensors')
    assert not (tmp_path / 'c.safetensors').exists()


def test_mmengine_still_has_what_is_replaced():
    """Fails loudly where a later MMEngine names or calls these otherwise."""
    assert mmengine_checkpoint.load_from_http.__module__ == 'spinepose_mm.zoo.checkpoints'
    assert mmengine_checkpoint.load_from_local.__module__ == 'spinepose_mm.zoo.checkpoints'
    assert CheckpointLoader._get_checkpoint_loader('a.pth') is mmengine_checkpoint.load_from_local
    code = 'import mmengine.runner.checkpoint as c; print(hasattr(c, "load_from_http"), hasattr(c, "load_from_local"))'
    assert subprocess.check_output([sys.executable, '-W', 'ignore', '-c', code], text=True) == 'True True\n'
    assert pickle.loads(pickle.dumps(CheckpointError('x'))).args == ('x',)
