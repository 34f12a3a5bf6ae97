"""Names of earlier releases: each works, warns once and names the new one."""

import pickle
import runpy
import sys
import warnings
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import WEIGHT_INITIALIZERS as OF_MMENGINE
from mmpose.registry import DATASETS, WEIGHT_INITIALIZERS

import builders
import spinepose_mm
from spinepose_mm import deprecated
from spinepose_mm.analysis import MEASURES, units
from spinepose_mm.confidence import MIN_SCORE
from spinepose_mm.datasets.validation.checks import outside
from spinepose_mm.evaluation.multiview import evaluate_views
from spinepose_mm.evaluation.spine_mpjpe import mean_error
from spinepose_mm.inference import SpinePose3DInferencer, check_outputs
from spinepose_mm.io.sources import Images
from spinepose_mm.models import SpineHeadExpansion
from spinepose_mm.models.losses import SpineBoneAngleLoss, SpineSmoothingLoss
from spinepose_mm.synthetic.tracking_scenes import Crossing
from spinepose_mm.visualization.drawing import draw_bones


def warned(function, new, *args, **kwargs):
    """Return what a function returns, which gives one DeprecationWarning, with the new name."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter('always')
        result = function(*args, **kwargs)
    found = [one for one in found if 'spinepose_mm' in str(one.message) or 'is now' in str(one.message)]
    assert [one.category for one in found] == [DeprecationWarning] and new in str(found[0].message)
    return result


@pytest.fixture
def fresh(monkeypatch):
    """Forget that modules were imported by their old names."""
    for name in deprecated.MODULES:
        parent, _, last = name.rpartition('.')
        monkeypatch.delitem(sys.modules, name, raising=False)
        if parent in sys.modules:
            vars(sys.modules[parent]).pop(last, None)


@pytest.mark.parametrize('old', deprecated.MODULES)
def test_modules(old, fresh):
    parent, _, last = old.rpartition('.')
    if parent in deprecated.MODULES:
        import_module(parent)
    new = deprecated.MODULES[old]
    module = warned(import_module, ' and '.join(new), old)
    assert module.__name__ == old and sys.modules[old] is module and getattr(import_module(parent), last) is module
    for name, value in ((name, value) for other in reversed(new) for name, value in vars(import_module(other)).items()):
        assert name.startswith('__') or f'{old}.{name}' in deprecated.MODULES or getattr(module, name) is value
    with pytest.raises(AttributeError, match=f"'{old}' has no attribute 'nothing'"):
        module.nothing


@pytest.mark.parametrize('old', [old for old in deprecated.MODULES if 'benchmarks' not in old and old.count('.') < 3])
def test_modules_as_attributes_of_their_package(old, fresh):
    parent, _, last = old.rpartition('.')
    package = import_module(parent)
    module = warned(getattr, deprecated.MODULES[old][0], package, last)
    assert import_module(old) is module and getattr(package, last) is module
    public = [name for name in dir(import_module(deprecated.MODULES[old][0])) if not name.startswith('_')]
    assert set(public) <= set(dir(module)) and public and all(hasattr(module, name) for name in public)


@pytest.mark.parametrize('old, new', deprecated.NAMES.items())
def test_names(old, new):
    module, _, name = old.rpartition('.')
    home, _, own = new.rpartition('.')
    assert warned(getattr, new, import_module(module), name) is getattr(import_module(home), own)
    assert name not in vars(import_module(module))


def test_statements_of_old_code(fresh):
    """Each gives its warning in its own line, where Python shows it in a main program."""
    code = (
        'import spinepose_mm.inference.writers.base as base\n'
        'from spinepose_mm.inference.people import *\n'
        'from spinepose_mm.datasets import doctor, simspine_h5\n'
        'from spinepose_mm.datasets.simspine import read_npz\n'
    )
    space = dict(__name__='__main__')
    with warnings.catch_warnings(record=True) as found:
        warnings.resetwarnings()
        warnings.simplefilter('ignore')
        warnings.filterwarnings('default', category=DeprecationWarning, module='__main__')
        exec(compile(code, 'old.py', 'exec'), space)
    assert {(one.filename, one.lineno) for one in found} == {('old.py', number) for number in (1, 2, 3, 4)}
    assert space['base'].Writer is spinepose_mm.writers.Writer and len(space['nobody']()) == 0
    assert space['doctor'].Report and space['simspine_h5'].__name__.endswith('simspine_h5')
    assert space['read_npz'] is import_module('spinepose_mm.datasets.simspine.npz').read_npz


def test_pickles_of_old_modules(fresh):
    old = b'cspinepose_mm.inference.people\nFrame\n.'
    assert warned(pickle.loads, 'spinepose_mm.structures.frame', old) is spinepose_mm.structures.frame.Frame


@pytest.mark.parametrize('registry', [WEIGHT_INITIALIZERS, OF_MMENGINE])
def test_registered_names(registry):
    config = dict(type='SpineGrowth', checkpoint='a.pth', keypoints=['nose'])
    built = warned(registry.build, 'SpineHeadExpansion', config)
    assert type(built) is SpineHeadExpansion and (built.checkpoint, built.keypoints) == ('a.pth', ['nose'])


def test_configs_of_a_lifter(tmp_path):
    S = np.append(np.random.default_rng(0).normal(0, 0.05, (32, 15, 3)) + [0, 0, 9], np.ones((32, 15, 1)), -1)
    path = str(builders.write_simspine(tmp_path / 'a.npz', S=S))
    old = dict(type='SpineLiftingDataset', ann_file=path, least_score=0.4)
    assert warned(DATASETS.build, 'min_score', old).min_score == 0.4
    assert (
        warned(DATASETS.build, 'min_score', dict(old, min_score=0.5)).min_score == 0.4
    )  # of a config that it inherits

    def shown(**options):
        cfg = Config(dict(test_dataloader=dict(dataset=options)))
        return SpinePose3DInferencer._min_score.fget(SimpleNamespace(cfg=cfg))

    assert warned(shown, 'min_score', least_score=0.4, min_score=0.5) == 0.4
    assert shown(min_score=0.5) == 0.5 and shown() == MIN_SCORE


def test_arguments(tmp_path):
    assert warned(units, 'image', picture=True) == units(image=True) != units()
    image = np.zeros((4, 6, 3), np.uint8)
    assert warned(Images, 'images', pictures=[image]).images == [image]
    warned(draw_bones, 'visible', image, np.zeros((37, 2)), seen=np.zeros(37, bool), radius=1, thickness=1)
    points, mask = torch.rand(2, 37, 2), torch.ones(2, 37, dtype=torch.bool)
    for loss in (SpineBoneAngleLoss(), SpineSmoothingLoss()):
        assert warned(loss, 'valid', points, points + 9, labelled=mask) == loss(points, points + 9, mask)
    pixels, mask = points.double().numpy(), mask.numpy()
    assert warned(mean_error, 'target', pixels, true=pixels + 2, valid=mask, alignment='none') == pytest.approx(8**0.5)
    outer = warned(outside, 'valid', pixels + 5, labelled=mask, low=np.zeros((2, 2)), high=np.ones((2, 2)))
    assert outer.all()
    with pytest.raises(FileNotFoundError), pytest.warns(DeprecationWarning, match='min_score'):
        evaluate_views(tmp_path / 'a.npz', tmp_path / 'b.npz', least_score=0.1)


def test_settings_warn_where_python_shows_it(recwarn):
    """Whoever runs a tool sees it; the code that reads the setting is this package's, not theirs."""
    warnings.resetwarnings()
    warnings.simplefilter('ignore')
    warnings.filterwarnings('default', category=DeprecationWarning, module='__main__')
    for _ in range(2):
        WEIGHT_INITIALIZERS.build(dict(type='SpineGrowth', checkpoint='a.pth'))
    assert [str(one.message).split(':')[0] for one in recwarn] == ['SpineGrowth is now SpineHeadExpansion']


def test_attributes():
    source = Images([np.zeros((4, 6, 3), np.uint8)], frame_rate=5)
    assert warned(getattr, 'Images.is_video', source, 'is_film') is True
    assert warned(getattr, 'Images.prefetches', source, 'reads_ahead') is False
    assert warned(getattr, 'Images.images', source, 'pictures') is source.images
    assert warned(getattr, 'Images.is_video', Images, 'is_film') is False
    warned(setattr, 'Images.prefetches', source, 'reads_ahead', True)
    assert source.prefetches is True
    crossing = Crossing(30.0, (640, 480), [1], [2], [3])
    assert warned(getattr, 'Crossing.ground_truth', crossing, 'true') == crossing.ground_truth == [1]
    assert warned(getattr, 'Crossing.predictions', crossing, 'found') == crossing.predictions == [2]
    assert warned(getattr, 'Measure.image_unit', MEASURES['spine_length'], 'picture_unit') == 'px'


def test_formats(tmp_path):
    source = Images([np.zeros((40, 60, 3), np.uint8)])
    warned(check_outputs, "'images'", source, tmp_path, formats=['pictures', 'csv'])
    with pytest.raises(ValueError, match="there is no format 'films'"):
        check_outputs(source, tmp_path, formats=['films'])


def test_formats_of_infer(monkeypatch):
    parse = runpy.run_path(builders.tool('infer'))['parse']
    monkeypatch.setattr(sys, 'argv', ['infer', 'a.mp4', '--formats', 'csv', *deprecated.FORMATS])
    assert warned(parse, '--formats images').formats == ['csv', 'images']


TOOLS = {
    'benchmark_measures': ('benchmark measures', ['--intervals'], ['measures', '--intervals']),
    'benchmark_tracking': ('benchmark tracking', ['--films=3'], ['tracking', '--videos=3']),
    'benchmark_world': ('benchmark world', ['--noise', '2'], ['world', '--noise', '2']),
    'mean_pose': (
        'evaluate CONFIG=mean_pose',
        ['a.py', '--cfg-options', 'b=1'],
        ['a.py=mean_pose', '--cfg-options', 'b=1'],
    ),
    'synthesize_poses': (
        'synthesize --labels-only',
        ['--people', '4', 'a.npz', '--motions', 'walk'],
        ['--labels-only', '--people', '4', '--out', 'a.npz', '--motions', 'walk'],
    ),
}


@pytest.mark.parametrize('old', TOOLS)
def test_tools(old, monkeypatch):
    new, given, arguments = TOOLS[old]
    ran = []
    monkeypatch.setattr('spinepose_mm_cli.run', lambda *args: ran.append(args))
    monkeypatch.setattr(sys, 'argv', [old, *given])
    warned(runpy.run_path, f'{old} is now `spinepose_mm {new}`', builders.tool(old), run_name='__main__')
    name = new.split()[0]
    assert ran == [(name, Path(builders.tool(name)), arguments)]


def test_a_tool_that_is_not_shipped():
    with pytest.raises(SystemExit, match='is now docs/figures/measures.py in the repository'):
        runpy.run_path(builders.tool('draw_measures'), run_name='__main__')
    assert {path.stem for path in Path(builders.tool('draw_measures')).parent.glob('*.py')} == {*TOOLS, 'draw_measures'}


def test_options_of_other_tools(tmp_path, monkeypatch, capsys):
    views = runpy.run_path(builders.tool('evaluate_views'))['main']
    monkeypatch.setattr('spinepose_mm.evaluation.multiview.evaluate_views', lambda *args, **_: sys.exit(args[2]))
    monkeypatch.setattr(sys, 'argv', ['evaluate_views', 'a.npz', 'b.npz', '--least-score', '.25'])
    with pytest.raises(SystemExit) as done, pytest.warns(DeprecationWarning, match='--min-score'):
        views()
    assert done.value.code == 0.25
