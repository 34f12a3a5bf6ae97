import re
import subprocess
import sys

import pytest

from spinepose_mm.interop.aliases import index_folder

pytestmark = pytest.mark.tools


def test_all_variants_are_compared(tmp_path):
    tool = index_folder() / 'tools' / 'benchmark_step.py'
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', tool, 'spinepose_demo.py', '--batch-size', '2', '--steps', '2', '--device', 'cpu'],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    rows = dict(re.findall(r'^\| (\w+) \|(.*)\|$', done.stdout, re.M))
    assert rows.keys() >= {'plain', 'losses', 'teacher', 'both'}
    memory = {name: float(row.split(' | ')[2]) for name, row in rows.items() if name != 'Variant'}
    # The teacher's weights are 2.3 million numbers.
    assert memory['teacher'] - memory['plain'] == pytest.approx(9, abs=2) and rows['plain'].split(' | ')[1] == '1.000'
    assert 'anatomical losses alone: ' in done.stdout and not list(tmp_path.iterdir())
