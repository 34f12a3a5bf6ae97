import re
import runpy
import sys
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from spinepose_mm.inference import SpinePose3DInferencer, SpinePoseInferencer
from spinepose_mm.inference.options import OF_FILES, LiftingOptions, PoseOptions
from spinepose_mm.zoo.models import index_folder


def defaults(options):
    return {entry.name: entry.default for entry in fields(options)}


def test_the_table_of_the_docs():
    """Each option in order, with its default."""
    page = (Path(__file__).parents[2] / 'docs' / 'video.md').read_text(encoding='utf-8')
    rows = dict(re.findall(r'^\| `(\w+)=` \| `([^`]+)`', page, re.MULTILINE))
    assert {name: eval(value) for name, value in rows.items()} == defaults(LiftingOptions)
    assert list(rows) == list(defaults(LiftingOptions))


@pytest.fixture
def tool(monkeypatch):
    """Return a function of arguments of the tool `infer` that returns its options."""
    infer = runpy.run_path(str(index_folder() / 'tools' / 'infer.py'))

    def options(*arguments):
        monkeypatch.setattr(sys, 'argv', ['infer', 'a.mp4', *arguments])
        return infer['options_of'](infer['parse']())

    return options


def test_the_tool_has_these_defaults(tool, monkeypatch, capsys):
    assert vars(tool()) == defaults(PoseOptions) | OF_FILES
    assert vars(tool('--3d')) == defaults(LiftingOptions) | OF_FILES
    given = tool('--no-smoothing', '--no-flip-test', '--subject', '3', '--detect-every', '4', '--bbox-thr', '0')
    assert vars(given) == defaults(PoseOptions) | OF_FILES | dict(
        smooth=False, flip_test=False, subject=3, detect_every=4, bbox_thr=0.0
    )
    lifted = tool('--3d', '--world', '--height', '1.8', '--field-of-view', '60', '--camera', 'a.toml')
    assert (lifted.coordinates, lifted.height, lifted.field_of_view, lifted.camera) == ('world', 1.8, 60.0, 'a.toml')
    with pytest.raises(SystemExit):
        tool('--help')
    said = ' '.join(capsys.readouterr().out.split())
    for name in ('bbox_thr', 'detect_every', 'subject', 'height', 'field_of_view'):
        part = re.search(rf' --{name.replace("_", "-")} .*?\(([^)]*)\) -', said + ' -')[1]
        assert str(defaults(LiftingOptions)[name]).removesuffix('.0') == part


def test_the_inferencers_take_these(tool):
    assert SpinePoseInferencer.preprocess_kwargs == set(defaults(PoseOptions))
    assert SpinePose3DInferencer.preprocess_kwargs == set(defaults(LiftingOptions))


def test_of():
    options = LiftingOptions.of(PoseOptions(smooth=True), height=1.8)
    assert (options.smooth, options.height, options.measure) == (True, 1.8, False)
    assert LiftingOptions.of(options, smooth=False).height == 1.8 and PoseOptions.of(bboxes=[]).bboxes is None
    with pytest.raises(TypeError, match='colour'):
        PoseOptions.of(colour=3)
    with pytest.raises(TypeError, match='options are PoseOptions, or given by name'):
        PoseOptions.of('boxes.csv')
    with pytest.raises(FrozenInstanceError):
        options.smooth = False


@pytest.mark.parametrize(
    'wrong, problem',
    [
        (dict(height=180), 'height is in metres'),
        (dict(coordinates='room'), "out of camera, world, not 'room'"),
        (dict(field_of_view=0), 'a field of view is between 0 and 180'),
        (dict(subject='left'), 'a subject is'),
        (dict(nms_thr=2), 'nms_thr is a number from 0 to 1, not 2'),
        (dict(score='max'), "score is out of min, mean, not 'max'"),
        (dict(detect_every=2, bboxes='a.csv'), '1 where bboxes are given, not 2'),
    ],
)
def test_values_out_of_their_range(wrong, problem):
    with pytest.raises(ValueError, match=problem):
        LiftingOptions(**wrong)
