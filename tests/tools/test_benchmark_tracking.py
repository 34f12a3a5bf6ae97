import re
import subprocess
import sys
from importlib import util

import pytest

from spinepose_mm.zoo.models import index_folder

pytestmark = pytest.mark.tools
_RUN = """
import runpy, sys
from importlib import util
find = util.find_spec
util.find_spec = lambda name, *rest: None if name in {missing} else find(name, *rest)
sys.argv = ['benchmark_tracking', '--videos', '2', '--seconds', '3', '--seed', '4']
runpy.run_path({tool!r}, run_name='__main__')
"""


def run(tmp_path, missing=()):
    """Return {(tracker, smoothing): numbers} of a run where some packages are not installed, and what it says."""
    code = _RUN.format(missing=tuple(missing), tool=str(index_folder() / 'tools' / 'benchmark_tracking.py'))
    done = subprocess.run([sys.executable, '-W', 'ignore', '-c', code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    rows = re.findall(r'^\| ([^|]+) \| (on|off) \|(.*)\|$', done.stdout, re.M)
    assert not list(tmp_path.iterdir())
    return {(name, smoothing): [float(value) for value in values.split('|')] for name, smoothing, values in rows}, done


def test_rows_and_what_is_left_out(tmp_path):
    rows, done = run(tmp_path, missing=['spinepose', 'trackers'])
    assert list(rows) == [
        ('this package', 'off'),
        ('this package', 'on'),
        ('MMPose, IoU', 'off'),
        ('MMPose, OKS', 'off'),
    ]
    assert 'official library is left out: spinepose is not installed' in done.stderr
    assert 'trackers, OC-SORT is left out: trackers is not installed' in done.stderr
    off, on = rows['this package', 'off'], rows['this package', 'on']
    assert off[:3] == on[:3] and off[2] > 0.9 and on[0] < rows['MMPose, IoU', 'off'][0]  # ids
    assert on[5] < 0.8 * off[5] and on[4] < 1.1 * off[4] and on[6] > off[6]  # jitter, error, lag
    assert off[3:] == rows['MMPose, OKS', 'off'][3:]  # which does not smooth


def test_others_are_run_where_they_are_installed(tmp_path):
    names = [
        name
        for package, name in (('spinepose', 'official library'), ('trackers', 'trackers, OC-SORT'))
        if util.find_spec(package)
    ]
    if not names:
        pytest.skip('neither spinepose nor trackers is installed')
    rows, _ = run(tmp_path)
    ours = rows['this package', 'off']
    for name in names:
        off, on = rows[name, 'off'], rows.get((name, 'on'))
        assert off[3:] == ours[3:] and 0 < off[2] < 1 and ours[0] <= off[0]
        assert on is None or on[5] < off[5]
