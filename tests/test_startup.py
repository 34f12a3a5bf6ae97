"""What is imported when: `import spinepose_mm` and the tools' --help take no more than they need."""

import re
import runpy
import subprocess
import sys

import pytest

import builders
from spinepose_mm.datasets.spinetrack_archive import PARTS
from spinepose_mm.evaluation.table import DATA
from spinepose_mm.models.heads.spinepose_head import SCORES
from spinepose_mm.synthetic.motion import MOTIONS
from spinepose_mm.writers import FORMATS
from spinepose_mm.zoo.models import index_folder
from spinepose_mm_cli import tools

_HELP = """
import runpy, sys
sys.argv = [{tool!r}, '--help']
try:
    runpy.run_path({tool!r}, run_name='__main__')
except SystemExit as done:
    assert not done.code
"""


def run(code, folder):
    """Return what a fresh process prints, and the names of the modules that it has imported."""
    code = f'{code}\nimport sys\nprint("-- modules", *sys.modules)'
    done = subprocess.run([sys.executable, '-W', 'ignore', '-c', code], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    printed, _, modules = done.stdout.rpartition('-- modules ')
    return printed, set(modules.split())


@pytest.mark.parametrize(
    'ours, theirs',
    [
        ('spinepose_mm', 'mmengine.runner, mmengine.infer, mmpose.registry'),
        (
            'spinepose_mm.models, spinepose_mm.datasets, spinepose_mm.evaluation',
            'mmpose.models, mmpose.datasets, mmpose.evaluation',
        ),
    ],
)
def test_little_is_imported_beside_what_mmpose_imports(ours, theirs, tmp_path):
    more = run(f'import {ours}', tmp_path)[1] - run(f'import {theirs}, mmengine.infer', tmp_path)[1]
    assert {name.split('.')[0] for name in more} - sys.stdlib_module_names <= {
        'mmengine',
        'safetensors',
        'simplejpeg',
        'spinepose_mm',
    }
    assert not [name for name in more if re.match(r'spinepose_mm\.(analysis|deployment|inference|synthetic)', name)]


def test_subpackages_are_there_when_they_are_asked_for(tmp_path):
    run(
        'import spinepose_mm\n'
        'assert {"inference", "lifting", "models", "__version__"} <= set(dir(spinepose_mm))\n'
        'assert spinepose_mm.synthetic.Body and spinepose_mm.inference.analyse\n'
        'assert spinepose_mm.models.SpineHeadExpansion\n'
        'assert not hasattr(spinepose_mm, "nothing")',
        tmp_path,
    )


#: Those of MMPose that these hand over to import torch before they read their arguments.
_MMPOSES = ('get_flops', 'inferencer_demo', 'test', 'train')


@pytest.mark.parametrize(
    'name',
    [
        name
        for name, path in tools(index_folder() / 'tools').items()
        if name not in _MMPOSES and path.parent.name != 'deprecated'
    ],
)
def test_help_imports_nothing_heavy(name, tmp_path):
    printed, modules = run(_HELP.format(tool=builders.tool(name)), tmp_path)
    assert printed.startswith('usage: ')
    assert not modules & {'torch', 'spinepose_mm', 'mmpose', 'cv2', 'scipy', 'matplotlib'}


def test_what_tools_repeat_so_that_they_need_not_import_it(monkeypatch, tmp_path):
    infer = runpy.run_path(builders.tool('infer'))
    assert infer['FORMATS'] == tuple(FORMATS)
    monkeypatch.setattr(sys, 'argv', ['infer', 'video.mp4'])
    for score in SCORES:
        monkeypatch.setattr(sys, 'argv', ['infer', 'video.mp4', '--score', score])
        assert infer['parse']().score == score
    printed = run(_HELP.format(tool=builders.tool('synthesize')), tmp_path)[0]
    assert f'what the people do: {", ".join(MOTIONS)} (all)' in ' '.join(printed.split())
    for name, choices in (('evaluate', DATA), ('fetch_spinetrack', PARTS)):
        assert f'{{{",".join(choices)}}}' in run(_HELP.format(tool=builders.tool(name)), tmp_path)[0]
