import argparse
import re

import pytest

from spinepose_mm.analysis import MEASURES
from spinepose_mm.benchmarks import spine_measures

pytestmark = pytest.mark.tools  # seconds


def test_benchmark_prints_its_tables(capsys):
    parser = argparse.ArgumentParser()
    spine_measures.add_arguments(parser)
    assert spine_measures.run(parser.parse_args(['--people', '2'])) is None
    tables = capsys.readouterr().out.strip().split('\n\n')
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
