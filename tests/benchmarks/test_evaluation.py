import argparse
import json

import numpy as np
import pytest

from spinepose_mm import skeleton
from spinepose_mm.benchmarks import evaluation
from spinepose_mm.evaluation import SpineTrackMetric


def test_all_sides_are_compared_and_equal(monkeypatch):
    checked, check = [], evaluation._check
    monkeypatch.setattr(evaluation, '_check', lambda *sides: checked.append(sides))
    parser = argparse.ArgumentParser()
    evaluation.add_arguments(parser)
    text = evaluation.run(parser.parse_args(['--people', '12', '--rounds', '1']))
    rows = [line[2:-2].split(' | ') for line in text.splitlines() if line.startswith('| ')][2:]
    once = ['CocoMetric, then COCOeval for each subset', 'SpineTrackMetric']
    by_subset = ['CocoMetric on a data set of each subset', 'SpineTrackMetric, subset_scores=True']
    assert [row[1] for row in rows] == once * 2 + by_subset * 2
    assert [row[0] for row in rows[::2]] == [
        f'scored {order}, {start}'
        for order in ('once', 'by subset')
        for start in ('labels in memory', 'from the file on')
    ]
    assert [[name for name, _ in sides] for sides in checked] == [once, by_subset]
    for theirs, ours in checked:
        assert len(theirs[1]) == 40 and theirs[1] == ours[1]
        check(theirs, ours)
        with pytest.raises(
            ValueError, match=r'spinetrack/feet/AR \(L\) is .* by CocoMetric.* and 0\.123 by SpineTrack'
        ):
            check(theirs, (ours[0], {**ours[1], 'spinetrack/feet/AR (L)': 0.123}))


def test_made_people_have_all_that_matters(tmp_path):
    content, samples = evaluation.make_people(600, 4)
    people = content['annotations']
    visible = np.array([person['keypoints'] for person in people]).reshape(-1, 37, 3)[..., 2] > 0
    assert len(content['images']) == 150 and people[-1]['image_id'] == 150
    assert 600 < len(samples) < 660 and len({sample['id'] for sample in samples}) == len(samples)
    assert 0 < sum(person['iscrowd'] for person in people) < 40
    assert (~visible[:, :17]).all(1).any() and (~visible[:, 20:26]).all(1).any() and visible.any(1).all()
    (tmp_path / 'all.json').write_text(json.dumps(content))
    loaded = evaluation._load(SpineTrackMetric, str(tmp_path / 'all.json'), evaluation._meta(range(37)), samples)
    found = evaluation._evaluate(*loaded)
    assert all(0.1 < found[f'spinetrack/{subset}_AP'] < 0.8 for subset in skeleton.SUBSETS)
