"""What `infer` says of its arguments before it loads a model."""

import os
import runpy
import signal
import sys
from pathlib import Path

import pytest

import builders

TOOL = Path(__file__).parents[2] / 'tools' / 'infer.py'


@pytest.fixture
def infer(tmp_path, monkeypatch):
    """Run the tool in this process, in a folder with a video, a pipe and boxes of nothing, and return what it says."""
    monkeypatch.chdir(tmp_path)
    builders.write_image(tmp_path / 'a.png')
    (tmp_path / 'boxes.csv').write_text('frame,x1\n')
    os.mkfifo('pipe.csv')
    handler = signal.getsignal(signal.SIGTERM)

    def run(*args):
        monkeypatch.setattr(sys, 'argv', ['infer.py', *args])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(TOOL), run_name='infer')['main']()
        return str(ended.value)

    yield run
    signal.signal(signal.SIGTERM, handler)


@pytest.mark.parametrize(
    'arguments, problem',
    [
        (['--out', 'a.pdf'], 'error: a.pdf does not end like a format of results'),
        (['--out', 'a.png/out'], 'error: a.png/out/a.csv cannot be written'),
        (['--out', 'a.trc'], 'error: a.trc: TRC files hold markers in metres'),
        (['--boxes', 'none.csv'], "No such file or directory: 'none.csv'"),
        (['--boxes', 'boxes.csv'], 'error: boxes.csv has no column y1'),
        (['--boxes', 'pipe.csv'], 'error: pipe.csv is a pipe, where a regular file is expected'),
        (['--max-megapixels', '.01'], 'error: a.png has 0.012 megapixels, and at most 0.01 are decoded'),
    ],
)
def test_bad_ones_are_refused_before_the_model_is_loaded(infer, arguments, problem):
    before = sorted(os.listdir())
    assert problem in infer('a.png', '--model', 'none such', *arguments)
    assert sorted(os.listdir()) == before
