import re
import subprocess
import sys

import cv2
import pytest

from spinepose_mm.analysis import MEASURES
from spinepose_mm.zoo.models import index_folder

pytestmark = pytest.mark.tools


def run(tool, *args, cwd):
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', index_folder() / 'tools' / tool, *args],
        cwd=cwd,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_benchmark_prints_its_tables(tmp_path):
    tables = run('benchmark_measures.py', '--people', '2', cwd=tmp_path).strip().split('\n\n')
    turned, views, noise, curves = [
        {row.split(' | ')[0][2:]: row[:-2].split(' | ')[1:] for row in table.splitlines()[2:]} for table in tables
    ]
    angled = [measure.title for measure in MEASURES.values() if measure.plane != 'any']
    assert list(turned) == list(noise) == angled
    medians = {name: [float(re.match(r'[\d.]+', cell)[0]) for cell in cells] for name, cells in noise.items()}
    for name, values in medians.items():
        assert values[0] < values[1] < values[2] and values[3] < values[4] < values[5], name  # more noise
    assert views['upright, 0 px, side'][0] == '100%' and views['upright, 0 px, side'][5] == '0%'
    assert len(curves) == 4 and all(float(cells[3]) > 0.9 for cells in curves.values())


def test_the_measures_are_drawn(tmp_path):
    run('draw_measures.py', 'measures.jpg', cwd=tmp_path)
    image = cv2.imread(str(tmp_path / 'measures.jpg'))
    assert image.shape == (540, 1400, 3) and image.std() > 10
    assert (tmp_path / 'measures.jpg').stat().st_size < 150_000
