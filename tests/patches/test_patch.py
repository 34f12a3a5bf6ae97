"""Patches are applied to the versions that they were made for, and as SPINEPOSE_MM_PATCHES says."""

import os
import re
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest
from mmengine.config import Config
from mmengine.registry import Registry
from mmengine.utils import digit_version

from spinepose_mm import patches
from spinepose_mm.patches import patch as mechanism
from spinepose_mm.patches import registries
from spinepose_mm.patches.patch import MMDET, MMENGINE, MMPOSE, PATCHES, Patch

ROOT = Path(__file__).parents[2]


@pytest.fixture
def target(monkeypatch):
    """An object whose attributes three patches change: one is security's, and one looks for what is not there."""
    target = SimpleNamespace(loads='stock', draws='stock', done=False)

    def loading():
        yield target, 'loads', lambda stock: f'safe {stock}'

    def drawing():
        yield target, 'draws', lambda stock: f'new {stock}'

    def missing():
        yield target, 'loads', lambda stock: 1 / 0 if stock == 'never' else 'half'
        yield target, 'gone', lambda stock: 'changed'
        target.done = True

    found = {
        changes.__name__: Patch(changes.__name__, changes, versions, changes is loading)
        for changes, versions in (
            (loading, dict(mmengine=MMENGINE)),
            (drawing, dict(mmengine=MMENGINE, mmpose=MMPOSE)),
            (missing, {}),
        )
    }
    monkeypatch.setattr(patches, 'PATCHES', found)
    monkeypatch.setattr(registries, 'register', lambda: None)
    return target


def installed():
    """Install, and return the text of the one warning, or None."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter('always')
        patches.install()
    assert len(found) <= 1
    return str(found[0].message) if found else None


@pytest.mark.parametrize(
    'mode, loads, draws',
    [
        (None, 'safe stock', 'new stock'),
        ('', 'safe stock', 'new stock'),
        ('all', 'safe stock', 'new stock'),
        ('security', 'safe stock', 'stock'),
        ('none', 'stock', 'stock'),
    ],
)
def test_modes(mode, loads, draws, target, monkeypatch):
    monkeypatch.delenv('SPINEPOSE_MM_PATCHES', raising=False)
    if mode is not None:
        monkeypatch.setenv('SPINEPOSE_MM_PATCHES', mode)
    warned = installed()
    assert (target.loads, target.draws) == (loads, draws)
    assert (warned is None) == (mode in ('security', 'none'))  # of the patch that looks for what is not there


def test_an_unknown_mode(target, monkeypatch):
    monkeypatch.setenv('SPINEPOSE_MM_PATCHES', 'safe')
    with pytest.raises(ValueError, match="variable SPINEPOSE_MM_PATCHES is 'safe'; it can be all, security, none"):
        patches.install()
    assert target.loads == 'stock'


@pytest.mark.parametrize(
    'mmengine, mmpose, loads, draws, left_out',
    [
        ('0.10.7', '1.3.2', 'safe stock', 'new stock', ''),
        ('0.10.9', '1.4.0', 'safe stock', 'stock', r'drawing \(mmpose is 1\.4\.0, not >=1\.3\.2,<1\.4\)'),
        ('0.11.0', '1.3.2', 'stock', 'stock', r'loading, drawing \(mmengine is 0\.11\.0, not >=0\.10\.7,<0\.11\)'),
        ('0.10.6', '0', 'stock', 'stock', r'loading, drawing \(mmengine is 0\.10\.6'),
    ],
)
def test_other_versions(mmengine, mmpose, loads, draws, left_out, target, monkeypatch):
    monkeypatch.setattr(mechanism, 'version_of', dict(mmengine=mmengine, mmpose=mmpose).get)
    assert re.search(left_out, installed())
    assert (target.loads, target.draws) == (loads, draws)


def test_what_is_missing_leaves_all_of_a_patch_out(target):
    assert "missing ('types.SimpleNamespace' object has no attribute 'gone')" in installed()
    assert target.loads == 'safe stock' and not target.done


def test_a_patch_whose_target_is_missing(monkeypatch):
    monkeypatch.delattr(Config, '_get_cfg_path')
    assert "'Config' has no attribute '_get_cfg_path'" in PATCHES['config_bases'].apply()


def test_version_of():
    assert mechanism.version_of('mmengine').startswith('0.10.') and mechanism.version_of('no_such_package') == '0'


def test_registries_that_are_made_in_another_way(monkeypatch):
    imported = []
    monkeypatch.setattr(registries, 'import_module', imported.append)
    registries._add(SimpleNamespace(), 'spinepose_mm.models')
    registry = Registry('toy', locations=['a'])
    registries._add(registry, 'b')
    assert imported == ['spinepose_mm.models'] and registry._locations == ['a', 'b']


def test_patches_are_for_the_versions_that_are_required():
    required = dict(
        (name, [digit_version(first), digit_version(too_new)])
        for name, first, too_new in re.findall(r"'(mm\w+)>=([\d.]+),<([\d.]+)'", (ROOT / 'setup.py').read_text())
    )
    for patch in PATCHES.values():
        assert patch.versions, patch.name
        for package, versions in patch.versions.items():
            assert list(map(digit_version, versions)) == required[package], patch.name


def test_the_documents_table_is_the_codes():
    """docs/patches.md: names, versions, and what `security` keeps."""
    text = (ROOT / 'docs/patches.md').read_text(encoding='utf-8')
    rows = [[cell.strip(' `') for cell in line.strip('|').split('|')] for line in text.splitlines()]
    written = {row[0]: (row[3], row[4]) for row in rows[rows.index(['---'] * 5) + 1 :] if len(row) == 5}
    titles = dict(mmengine='MMEngine', mmpose='MMPose', mmdet='MMDetection')
    assert written == {
        patch.name: (', '.join(titles[package] for package in patch.versions), 'yes' if patch.security else 'no')
        for patch in PATCHES.values()
    }
    for package, (first, too_new) in dict(mmengine=MMENGINE, mmpose=MMPOSE, mmdet=MMDET).items():
        assert f'{titles[package]} {first} up to, but not including, {too_new}' in text


_BUILDS = """
import importlib.metadata, sys, warnings
version = importlib.metadata.version
importlib.metadata.version = lambda name: {version!r} if name == 'mmengine' else version(name)
with warnings.catch_warnings(record=True) as found:
    warnings.simplefilter('always')
    import spinepose_mm
found = [str(one.message) for one in found if 'spinepose_mm' in str(one.message)]
assert len(found) == {warned}, found
from mmengine.config import Config
from mmengine.hooks import CheckpointHook
from mmengine.infer import BaseInferencer
from mmengine.registry import init_default_scope
from mmengine.runner import CheckpointLoader, Runner
from mmpose.registry import HOOKS, MODELS
init_default_scope('mmpose')
config = Config.fromfile('configs/spinepose_tiny.py')
assert type(MODELS.build(config.model)).__name__ == 'SpinePoseEstimator'
assert issubclass(HOOKS.get(config.default_hooks.checkpoint.type), CheckpointHook)
from mmpose.apis import MMPoseInferencer, inference
for name, module in {modules!r}.items():
    assert eval(name).__module__.partition('.')[0] == module, (name, eval(name).__module__)
"""
#: What is looked at, with the package that it is of where it is not changed.
_SECURITY = {
    'CheckpointLoader._get_checkpoint_loader("a.pth")': 'mmengine',
    'Runner.call_hook': 'mmengine',
    'BaseInferencer._init_model': 'mmengine',
}
_OTHERS = {
    'Runner.load_checkpoint': 'mmengine',
    'Runner.wrap_model': 'mmengine',
    'Config._get_cfg_path': 'mmengine',
    'BaseInferencer._load_model_from_metafile': 'mmengine',
    'MMPoseInferencer.__call__': 'mmpose',
    'inference.load_checkpoint': 'mmengine',
}


@pytest.mark.parametrize(
    'mode, version, changed',
    [
        ('all', '0.11.0', {}),
        pytest.param('none', '0.10.7', {}, marks=pytest.mark.slow),
        pytest.param('security', '0.10.7', _SECURITY, marks=pytest.mark.slow),
        pytest.param('all', '0.10.7', {**_SECURITY, **_OTHERS}, marks=pytest.mark.slow),
    ],
)
def test_configs_are_built_whatever_is_left_out(mode, version, changed):
    modules = {**_SECURITY, **_OTHERS, **dict.fromkeys(changed, 'spinepose_mm')}
    done = subprocess.run(
        [sys.executable, '-c', _BUILDS.format(version=version, warned=int(version != '0.10.7'), modules=modules)],
        cwd=ROOT,
        env={**os.environ, 'SPINEPOSE_MM_PATCHES': mode},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
