import argparse
import re
from importlib import util

import pytest

from spinepose_mm.benchmarks import tracking

pytestmark = pytest.mark.tools  # seconds


@pytest.fixture
def run(capsys, monkeypatch):
    """Return {(tracker, smoothing): numbers} of a run where some packages are not installed, and what it says."""

    def run(missing=()):
        find = util.find_spec
        monkeypatch.setattr(util, 'find_spec', lambda name, *rest: None if name in missing else find(name, *rest))
        parser = argparse.ArgumentParser()
        tracking.add_arguments(parser)
        tracking.run(parser.parse_args(['--videos', '2', '--seconds', '3', '--seed', '4']))
        printed = capsys.readouterr()
        rows = re.findall(r'^\| ([^|]+) \| (on|off) \|(.*)\|$', printed.out, re.M)
        return {(name, smooth): [float(value) for value in values.split('|')] for name, smooth, values in rows}, printed

    return run


def test_rows_and_what_is_left_out(run):
    rows, done = run(['spinepose', 'trackers'])
    assert list(rows) == [
        ('this package', 'off'),
        ('this package', 'on'),
        ('MMPose, IoU', 'off'),
        ('MMPose, OKS', 'off'),
    ]
    assert 'official library is left out: spinepose is not installed' in done.err
    assert 'trackers, OC-SORT is left out: trackers is not installed' in done.err
    off, on = rows['this package', 'off'], rows['this package', 'on']
    assert off[:3] == on[:3] and off[2] > 0.9 and on[0] < rows['MMPose, IoU', 'off'][0]  # ids
    assert on[5] < 0.8 * off[5] and on[4] < 1.1 * off[4] and on[6] > off[6]  # jitter, error, lag
    assert off[3:] == rows['MMPose, OKS', 'off'][3:]  # which does not smooth


def test_others_are_run_where_they_are_installed(run):
    names = [
        name
        for package, name in (('spinepose', 'official library'), ('trackers', 'trackers, OC-SORT'))
        if util.find_spec(package)
    ]
    if not names:
        pytest.skip('neither spinepose nor trackers is installed')
    rows, _ = run()
    ours = rows['this package', 'off']
    for name in names:
        off, on = rows[name, 'off'], rows.get((name, 'on'))
        assert off[3:] == ours[3:] and 0 < off[2] < 1 and ours[0] <= off[0]
        assert on is None or on[5] < off[5]
