"""The tool in this process: what is shipped, and what is published, on a hub of this machine's own."""

import runpy
import sys

import pytest
from mmengine.config import Config
from mmengine.runner import CheckpointLoader

import builders
from hub import CONTENT, Server
from spinepose_mm.zoo import models as zoo

SCRIPT = builders.tool('download')


def download(monkeypatch, *arguments):
    monkeypatch.setattr(sys, 'argv', ['download', *map(str, arguments)])
    runpy.run_path(str(SCRIPT), run_name='__main__')


def test_a_shipped_model(tmp_path, monkeypatch, capsys):
    download(monkeypatch, 'spinepose-tiny', '--dest', tmp_path / 'models')
    config, weights = (tmp_path / 'models' / f'spinepose_tiny.{ending}' for ending in ('py', 'safetensors'))
    assert capsys.readouterr().out.split() == [str(config), str(weights)]
    assert Config.fromfile(config).to_dict() == Config.fromfile(builders.config('spinepose_tiny')).to_dict()
    expected = CheckpointLoader.load_checkpoint('spinepose-tiny')['state_dict']
    assert CheckpointLoader.load_checkpoint(str(weights))['state_dict'].keys() == expected.keys()
    assert sorted(tmp_path.glob('models/*')) == [config, weights]


def test_a_published_model(tmp_path, monkeypatch):
    config = zoo.find_config('spinepose-s')[0]
    monkeypatch.setenv('SPINEPOSE_HOSTS', '127.0.0.1')
    with Server() as server:
        monkeypatch.setattr(zoo, 'find_config', lambda name: (config, f'{server.url}/hub/s.pth'))
        download(monkeypatch, 'spinepose-s', '--dest', tmp_path)
    assert (tmp_path / 's.pth').read_bytes() == CONTENT and (tmp_path / 'spinepose_v2_small.py').is_file()


@pytest.mark.parametrize(
    'name, problem',
    [
        ('spinepose-tyni', "no model named 'spinepose-tyni'; near: spinepose-tiny"),
        ('spinepose_baseline_rtmpose_m', 'no weights of spinepose_baseline_rtmpose_m are published'),
    ],
)
def test_what_cannot_be_had(tmp_path, monkeypatch, name, problem):
    with pytest.raises(SystemExit, match=problem):
        download(monkeypatch, name, '--dest', tmp_path / 'models')
    assert not (tmp_path / 'models').exists()
