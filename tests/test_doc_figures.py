"""What draws the documents' figures."""

import subprocess
import sys
from pathlib import Path

import cv2
import pytest


@pytest.mark.tools
def test_the_measures_are_drawn(tmp_path):
    script = Path(__file__).parents[1] / 'docs' / 'figures' / 'measures.py'
    subprocess.run([sys.executable, '-W', 'ignore', script, 'measures.jpg'], cwd=tmp_path, check=True)
    image = cv2.imread(str(tmp_path / 'measures.jpg'))
    assert image.shape == (540, 1400, 3) and image.std() > 10
    assert (tmp_path / 'measures.jpg').stat().st_size < 150_000


@pytest.mark.slow
def test_the_page_of_robustness_gets_its_tables_and_images(rendered, tmp_path, monkeypatch):
    monkeypatch.setenv('SPINETRACK_ROOT', str(rendered))
    page, marks = tmp_path / 'page.md', ('<!-- begin spinepose-tiny -->\n', '<!-- end spinepose-tiny -->')
    page.write_text(f'before\n{marks[0]}old\n{marks[1]}\nafter\n')
    script = Path(__file__).parents[1] / 'docs' / 'figures' / 'robustness.py'
    subprocess.run([sys.executable, '-W', 'ignore', script, 'page.md'], cwd=tmp_path, check=True)
    tables = (tmp_path / 'work_dirs/robustness/spinepose-tiny/robustness.md').read_text()
    assert page.read_text() == f'before\n{marks[0]}{tables}{marks[1]}\nafter\n'
    assert tables.count('\n| ') == 29
    for name in ('page-spinepose-tiny.png', 'page.jpg'):
        assert cv2.imread(str(tmp_path / name)).std() > 10
