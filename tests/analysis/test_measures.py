import math
import re
from pathlib import Path

import pytest

from spinepose_mm import skeleton
from spinepose_mm.analysis import MEASURES, VIEWS, units

PAGE = Path(__file__).parents[2] / 'docs' / 'measures.md'


def test_the_page_has_every_measure_and_no_other():
    """Its table is written by hand, so that it is held to the code."""
    rows = []
    for name, measure in MEASURES.items():
        unit = measure.unit if measure.unit == measure.image_unit else f'{measure.unit}; {measure.image_unit}'
        low, high = ('(-180', '180]') if measure.unit == 'deg' else (f'[{measure.low:.0f}', f'{measure.high:.0f}]')
        rows.append(
            f'| `{name}` | {measure.title} | {unit} | {measure.plane} | {low}, {high.replace("inf]", "∞)")} | '
            f'{measure.definition} | {measure.source} |'
        )
    assert re.findall(r'^\| `.*\|$', PAGE.read_text(encoding='utf-8'), re.M) == rows


def test_the_page_names_every_view():
    text = PAGE.read_text(encoding='utf-8')
    assert all(f'`{view}`' in text for view in VIEWS)


def test_measures_are_described():
    for name, measure in MEASURES.items():
        assert name.isidentifier() and measure.plane in ('sagittal', 'frontal', 'any'), name
        assert measure.low < measure.high and measure.title and measure.definition and measure.source, name
        assert (measure.unit == 'deg') == name.endswith(('inclination', 'lean', 'flexion', 'osis')), name
        assert measure.turns == name.endswith(('inclination', 'lean')), name
    assert len({measure.title for measure in MEASURES.values()}) == len(MEASURES)


def test_segments_are_those_of_the_spine_from_top_to_bottom():
    levels = [skeleton.KEYPOINTS[i].level for i in skeleton.SUBSETS['spine']]
    assert list(MEASURES)[-8:] == [f'{upper}_{lower}' for upper, lower in zip(levels, levels[1:])]
    assert MEASURES['C1_C4'].high == math.inf


@pytest.mark.parametrize('image, length', [(False, 'mm'), (True, 'px')])
def test_units(image, length):
    found = units(image)
    assert list(found) == list(MEASURES)
    assert found['trunk_lean'] == 'deg' and found['lateral_deviation'] == '%' and found['spine_length'] == length
