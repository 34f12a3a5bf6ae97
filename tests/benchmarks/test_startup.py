import argparse
from importlib import util

import pytest

from spinepose_mm.benchmarks import startup


def test_each_start_is_measured(monkeypatch):
    monkeypatch.setattr(
        startup, '_IMPORTS', {'import': {'one': 'json', 'other': 'csv', 'absent': 'no_such_package.at'}}
    )
    monkeypatch.setattr(startup, '_TOOLS', {'tools/train.py': ('evaluate', 'infer')})
    parser = argparse.ArgumentParser()
    startup.add_arguments(parser)
    text = startup.run(parser.parse_args(['--rounds', '1']))
    rows = [line[2:].split(' | ')[:4] for line in text.splitlines() if line.startswith('| ')][2:]
    assert [row[:2] for row in rows] == [
        ['import', 'one'],
        ['', 'other'],
        ['--help, evaluate and infer', 'MMPose, train'],
        ['', 'this package, evaluate'],
        ['', 'this package, infer'],
    ]
    assert all(float(row[2]) > 1 for row in rows)  # no process starts in a millisecond


def test_all_that_is_imported_exists():
    """The compared statements stay true: a part that was renamed would fail in the middle of a measurement."""
    for sides in startup._IMPORTS.values():
        for module in ', '.join(sides.values()).split(', '):
            assert module in ('rtmlib', 'spinepose') or util.find_spec(module), module


def test_what_fails_is_named(tmp_path):
    with pytest.raises(ValueError, match='import no_such_module failed: ModuleNotFoundError'):
        startup._start(['-c', 'import no_such_module'], tmp_path)
