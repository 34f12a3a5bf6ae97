import os
import pickle
import subprocess
import sys
from collections import OrderedDict

import mmengine.runner.checkpoint as mmengine_checkpoint
import numpy as np
import pytest
import torch
from mmengine.logging import MessageHub
from mmengine.runner import CheckpointLoader, load_checkpoint
from mmengine.runner.checkpoint import _load_checkpoint

from spinepose_mm.interop.checkpoints import CheckpointError


class Call:
    """Unpickled, it calls a function: what a hostile checkpoint does."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.fixture
def mmengine_made():
    """What MMEngine's runner writes beside the weights."""
    hub = MessageHub.get_instance('checkpoint test')
    for i in range(3):
        hub.update_scalar('train/loss', float(i))
        hub.update_scalar('train/acc', np.float32(i) / 2)
    return dict(
        state_dict=OrderedDict(weight=torch.arange(3.)),
        meta=dict(epoch=1, dataset_meta=dict(sigmas=np.array([.1, .2]), ids=np.arange(3), flags=np.array([True]))),
        message_hub=hub.state_dict(), best=np.float64(.5))


@pytest.mark.parametrize('zipped, of_numpy_1', [(True, False), (False, False), (False, True)])
def test_mmengines_own(tmp_path, mmengine_made, zipped, of_numpy_1):
    path = tmp_path / 'a.pth'
    torch.save(mmengine_made, path, _use_new_zipfile_serialization=zipped)
    if of_numpy_1:  # torch's old format is a bare pickle, into which numpy 1's name of the module can be put
        path.write_bytes(path.read_bytes().replace(b'cnumpy._core.', b'cnumpy.core.'))
        assert b'cnumpy.core.multiarray' in path.read_bytes()
    loaded = _load_checkpoint(str(path))
    assert loaded['state_dict']['weight'].tolist() == [0, 1, 2]
    np.testing.assert_array_equal(loaded['meta']['dataset_meta']['sigmas'], [.1, .2])
    assert loaded['best'] == .5
    hub = MessageHub.get_instance('checkpoint test loaded')
    hub.load_state_dict(loaded['message_hub'])
    assert hub.get_scalar('train/loss').mean() == 1 and hub.get_scalar('train/acc').current() == 1


@pytest.mark.parametrize('zipped', [True, False])
@pytest.mark.parametrize('function, args, named', [
    (os.system, ('touch {marker}', ), r'posix\.system'),
    (subprocess.check_call, (['touch', '{marker}'], ), r'check_call'),
    (eval, ('open("{marker}", "w")', ), r'eval'),
    (getattr, (torch.Tensor, 'to'), r'getattr\(Tensor,to\)'),
])
def test_hostile_checkpoint_is_refused(tmp_path, function, args, named, zipped):
    marker, path = tmp_path / 'was run', tmp_path / 'bad.pth'
    args = [arg.format(marker=marker) if isinstance(arg, str) else arg for arg in args]
    torch.save(dict(state_dict=Call(function, *args)), path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(CheckpointError, match=rf'bad\.pth was refused: it holds .*{named}'):
        load_checkpoint(torch.nn.Linear(1, 1), str(path))
    assert not marker.exists()


def test_config_text_in_a_checkpoint_is_not_run(tmp_path):
    """MMEngine executes meta['config'] when it resumes."""
    torch.save(dict(state_dict={}, meta=dict(config='import os; os.abort()', cfg='a = 1')), tmp_path / 'a.pth')
    assert _load_checkpoint(str(tmp_path / 'a.pth'))['meta'] == dict(cfg='a = 1')


@pytest.mark.parametrize('zipped', [True, False])
@pytest.mark.parametrize('part', [0, .02, .3, .9, .99])
def test_truncated(tmp_path, mmengine_made, part, zipped):
    path = tmp_path / 'a.pth'
    torch.save(mmengine_made, path, _use_new_zipfile_serialization=zipped)
    data = path.read_bytes()
    path.write_bytes(data[:int(part * len(data))])
    with pytest.raises(CheckpointError, match=r'a\.pth is truncated, or not a checkpoint'):
        _load_checkpoint(str(path))


@pytest.mark.parametrize('content, message', [(b'<html>404</html>', 'not a checkpoint'), (None, 'holds a list')])
def test_not_a_checkpoint(tmp_path, content, message):
    path = tmp_path / 'a.pth'
    torch.save([1, 2], path) if content is None else path.write_bytes(content)
    with pytest.raises(CheckpointError, match=message):
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


def test_downloads_are_read_as_data_too(tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))

    def download(url, target, progress):
        assert url == 'https://example.org/weights/a.pth?download=true'
        torch.save(dict(state_dict=Call(os.system, 'true')), target)

    monkeypatch.setattr(torch.hub, 'download_url_to_file', download)
    with pytest.raises(CheckpointError, match=r'a\.pth was refused'):
        CheckpointLoader.load_checkpoint('https://example.org/weights/a.pth?download=true')
    torch.save(dict(state_dict={}), tmp_path / 'hub' / 'checkpoints' / 'a.pth')  # what is there is not fetched again
    assert CheckpointLoader.load_checkpoint('https://example.org/weights/a.pth')['state_dict'] == {}


def test_failed_download_names_the_file_to_fetch(tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))

    def fail(*args, **kwargs):
        raise OSError('no route')

    monkeypatch.setattr(torch.hub, 'download_url_to_file', fail)
    with pytest.raises(ConnectionError, match=r'https://example.org/a.pth .*no route.*checkpoints.a\.pth'):
        _load_checkpoint('https://example.org/a.pth')


def test_mmengine_still_has_what_is_replaced():
    """Fails loudly where a later MMEngine names or calls these otherwise."""
    assert mmengine_checkpoint.load_from_http.__module__ == 'spinepose_mm.interop.checkpoints'
    assert mmengine_checkpoint.load_from_local.__module__ == 'spinepose_mm.interop.checkpoints'
    assert CheckpointLoader._get_checkpoint_loader('a.pth') is mmengine_checkpoint.load_from_local
    code = 'import mmengine.runner.checkpoint as c; print(hasattr(c, "load_from_http"), hasattr(c, "load_from_local"))'
    assert subprocess.check_output([sys.executable, '-W', 'ignore', '-c', code], text=True) == 'True True\n'
    assert pickle.loads(pickle.dumps(CheckpointError('x'))).args == ('x', )
