"""Checkpoints that are named by an address or by a model's name."""

import functools
import http.server
import os
import threading

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import CheckpointLoader, Runner
from mmengine.runner.checkpoint import _load_checkpoint
from mmpose.registry import MODELS
from safetensors.torch import load_file

import builders
from hostile_pickles import Made
from spinepose_mm.zoo.checkpoints import CheckpointError
from spinepose_mm.zoo.models import find_config


@pytest.fixture
def served(tmp_path, monkeypatch):
    """(folder, URL) of a web server on this machine."""
    monkeypatch.setenv('SPINEPOSE_HOSTS', '127.0.0.1')
    (tmp_path / 'served').mkdir()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / 'served'))
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield tmp_path / 'served', f'http://127.0.0.1:{server.server_port}'
        server.shutdown()


def test_downloads_are_read_as_data_too_and_kept(tmp_path, monkeypatch, served):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    folder, url = served
    torch.save(dict(state_dict=Made(os.system, 'true')), folder / 'bad.pth')
    with pytest.raises(CheckpointError, match=r'bad\.pth was refused'):
        CheckpointLoader.load_checkpoint(f'{url}/bad.pth?download=true')
    torch.save(dict(state_dict=dict(a=torch.ones(1))), folder / 'good.pth')
    for _ in range(2):  # the second time out of the cache
        assert CheckpointLoader.load_checkpoint(f'{url}/good.pth')['state_dict']['a'] == 1
        (folder / 'good.pth').unlink(missing_ok=True)


def test_failed_download_names_the_file_to_fetch(tmp_path, monkeypatch, served):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))

    with pytest.raises(
        ConnectionError, match=r'127.0.0.1:.*/none.pth .*404.*save it as .*checkpoints.[0-9a-f]{16}.none\.pth'
    ):
        _load_checkpoint(f'{served[1]}/none.pth')


def test_a_models_name_stands_for_its_weights(tmp_path, monkeypatch):
    """In `load_from` and in `Pretrained`; a file of that name goes first."""
    expected = load_file(find_config('spinepose-tiny')[1])
    cfg = Config.fromfile(builders.config('examples/spinepose_finetune'))
    assert cfg.model.init_cfg == dict(type='Pretrained', checkpoint='spinepose-tiny')
    pretrained = MODELS.build(cfg.model)
    pretrained.init_weights()
    loaded = MODELS.build(dict(cfg.model, init_cfg=None))
    Runner(
        loaded,
        str(tmp_path),
        load_from='SpinePose_Tiny',
        default_scope='mmpose',
        log_level='ERROR',
        experiment_name='by name',
    ).load_or_resume()
    for model in (pretrained, loaded):
        weights = model.state_dict()
        assert all(torch.equal(weights[name], value.to(weights[name].dtype)) for name, value in expected.items())
    with pytest.raises(FileNotFoundError, match='checkpoint spinepose-tyni does not exist'):
        CheckpointLoader.load_checkpoint('spinepose-tyni')
    monkeypatch.chdir(tmp_path)
    torch.save(dict(state_dict=dict(mine=torch.ones(1))), 'spinepose-tiny')
    assert list(CheckpointLoader.load_checkpoint('spinepose-tiny')['state_dict']) == ['mine']
