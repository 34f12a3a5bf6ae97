"""The command `spinepose_mm`."""

import os
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import builders
import spinepose_mm
import spinepose_mm_cli
from spinepose_mm.zoo.models import index_folder

MODULE = spinepose_mm_cli.__file__
SCRIPTS = sorted((index_folder() / 'tools').rglob('*.py'))


def started(*arguments, cwd, code=f'import runpy; runpy.run_path({MODULE!r}, run_name="__main__")'):
    """Start the command in a process and a process group of its own."""
    return subprocess.Popen(
        [sys.executable, '-W', 'ignore', '-c', code, *arguments],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, 'PYTHONPATH': str(Path(MODULE).parent)},
    )


@pytest.fixture
def command(monkeypatch):
    """Run the command in this process, and return what it exits with."""

    def run(*arguments):
        monkeypatch.setitem(sys.modules, '__main__', sys.modules['__main__'])
        monkeypatch.setattr(sys, 'argv', ['spinepose_mm', *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            spinepose_mm_cli.main()
        return ended.value.code

    return run


@pytest.mark.parametrize('arguments', [['--help'], ['--version'], ['infre'], ['infer', '--help']])
def test_quick_where_no_model_is_needed(arguments, tmp_path):
    code = (
        'import spinepose_mm_cli, sys\n'
        'try:\n    spinepose_mm_cli.main()\n'
        'finally:\n    print(*sys.modules, file=sys.stderr)'
    )
    loaded = started(*arguments, cwd=tmp_path, code=code).communicate()[1].split()
    assert 'spinepose_mm_cli' in loaded and not {'torch', 'numpy', 'mmengine', 'spinepose_mm'} & set(loaded)


def test_help_lists_every_tool_in_a_line(command, capsys):
    assert command('--help') == 0
    listed = capsys.readouterr().out.partition('tools:\n')[2].splitlines()
    assert [line.split()[0] for line in listed] == sorted(
        path.stem for path in SCRIPTS if path.parent.name != 'deprecated'
    )
    assert "  infer             Predict people's keypoints and spines in images and videos" in listed
    assert all(len(line.split()) > 2 and len(line) <= 100 for line in listed)


def test_version(command, capsys):
    assert command('--version') == 0 and capsys.readouterr().out == f'spinepose_mm {spinepose_mm.__version__}\n'


def test_as_a_module(monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['spinepose_mm', '--version'])
    with pytest.raises(SystemExit):
        runpy.run_module('spinepose_mm', run_name='__main__')
    assert capsys.readouterr().out.startswith('spinepose_mm ')


def test_names_are_of_one_tool_each():
    """By them `mim run` looks for a tool in all folders, and warns where there are two."""
    assert len({path.stem for path in SCRIPTS}) == len(SCRIPTS) > 20


@pytest.mark.parametrize(
    'name, near', [('infre', 'near: infer'), ('evalute', 'near: evaluate, evaluate_views'), ('xyz', "'xyz'; `spine")]
)
def test_an_unknown_name(name, near, command, capsys):
    assert command(name) == 2
    said = capsys.readouterr().err
    assert said.startswith('error: there is no tool named') and near in said and said.count('\n') == 1


def test_a_video_in_the_place_of_a_tool(command, capsys, tmp_path):
    (tmp_path / 'squat.mp4').touch()
    assert command(tmp_path / 'squat.mp4') == 2
    assert 'is `spinepose_mm infer` meant?' in capsys.readouterr().err


def test_no_arguments_list_the_tools(command, capsys):
    assert command() == 2
    said = capsys.readouterr()
    assert not said.out and '\n  infer  ' in said.err


def test_errors_and_exit_codes_are_those_of_the_tools(command, capsys, tmp_path):
    assert command('evaluate', 'nonesuch').startswith("error: there is no config file and no model named 'nonesuch'")
    assert command('get_flops', 'nonesuch').startswith("error: there is no config file and no model named 'nonesuch'")
    assert command('check_dataset', tmp_path / 'a.json') == 2
    assert command('synthesize', '--size', '5by5') == 2
    said = capsys.readouterr().err
    assert 'usage: spinepose_mm synthesize [-h]' in said and 'spinepose_mm synthesize: error: ' in said


def test_a_tool_is_the_main_program(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, '__main__', sys.modules['__main__'])
    monkeypatch.setattr(sys, 'argv', [])
    script = tmp_path / 'tool.py'
    script.write_text(
        'import pickle, sys\n'
        'class Thing: pass\n'
        'assert type(pickle.loads(pickle.dumps(Thing()))) is Thing\n'
        'print(__name__, __file__, sys.argv)'
    )
    spinepose_mm_cli.run('tool', script, ['a', '--b'])
    assert capsys.readouterr().out == f"__main__ {script} ['spinepose_mm tool', 'a', '--b']\n"


def test_an_interrupt_ends_with_130_and_no_traceback(tmp_path):
    process = started(
        cwd=tmp_path,
        code=(
            'import spinepose_mm_cli, time\n'
            'spinepose_mm_cli._main = lambda: (print("ready", flush=True), time.sleep(60))\n'
            'spinepose_mm_cli.main()'
        ),
    )
    assert process.stdout.readline() == 'ready\n'
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=30)[1] == '\n' and process.returncode == 130


@pytest.mark.slow
def test_an_interrupt_ends_the_processes_that_render(tmp_path):
    """All get it, as from a terminal: those that only start, too."""
    process = started('synthesize', '--out', 'a', '--images', '4000', '--workers', '2', cwd=tmp_path)
    parts = tmp_path / 'a' / '.parts-train'
    while not parts.is_dir():
        assert process.poll() is None
        time.sleep(0.1)
    time.sleep(1)
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130 and 'Traceback' not in said and 'KeyboardInterrupt' not in said


def test_labels_alone_and_images_have_options_of_their_own(command, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for arguments, said in (
        (['--out', 'a', '--split', 'test'], '--split has no meaning without --labels-only'),
        (['--out', 'a.npz', '--labels-only', '--images', '3'], '--images has no meaning with --labels-only'),
        (['--out', 'a', '--labels-only'], '--out is a .npz, not a'),
    ):
        assert command('synthesize', *arguments) == 2 and said in capsys.readouterr().err
    tool = runpy.run_path(builders.tool('synthesize'))['main']
    monkeypatch.setattr(sys, 'argv', ['', '--labels-only', '--out', 'a.npz', '--people', '1', '--frames', '2'])
    tool()
    assert [path.name for path in tmp_path.glob('*.npz')] == ['a.npz']
