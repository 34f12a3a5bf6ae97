import runpy
import subprocess
import sys

import cv2
import pytest

import builders

pytestmark = pytest.mark.tools
DEMO = builders.tool('demo')


def test_leaves_images_curves_and_a_table(tmp_path):
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', DEMO, '--images', '20', '--epochs', '1', '--teacher-epochs', '1'],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    out = tmp_path / 'demo_results'
    for name in ('data.jpg', 'spine_model.png', 'training.png', 'sequence.jpg', 'sequence.png', 'lifted.png'):
        assert cv2.imread(str(out / name)).std() > 5
    assert len((out / 'table.md').read_text().splitlines()) == 4
    assert len((out / 'boxes.csv').read_text().splitlines()) > 2
    assert (out / 'lifted/visualizations/video.mp4').stat().st_size > 1000
    assert (out / 'lifted/predictions/video.json').is_file()
    assert (out / 'teacher' / 'epoch_1.pth').is_file() and (out / 'train' / 'epoch_1.pth').is_file()


@pytest.mark.parametrize('args', [['--images', '0'], ['--epochs', 'many']])
def test_bad_numbers(tmp_path, args):
    done = subprocess.run([sys.executable, '-W', 'ignore', DEMO, *args], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and 'a whole number from 1 on is expected' in done.stderr
    assert not list(tmp_path.iterdir())


def test_an_interrupt_says_what_is_kept(tmp_path, monkeypatch, capsys):
    def interrupted(args):
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, 'argv', ['demo.py'])
    main = runpy.run_path(str(DEMO))['main']
    monkeypatch.setitem(main.__globals__, 'demonstrate', interrupted)
    with pytest.raises(SystemExit, match='130'):
        main()
    assert 'stopped; the same command keeps the rendered images' in capsys.readouterr().err
