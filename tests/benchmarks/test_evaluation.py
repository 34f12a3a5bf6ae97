import argparse
import json

import numpy as np
import pytest

from spinepose_mm import skeleton
from spinepose_mm.benchmarks import evaluation
from spinepose_mm.evaluation import SpineTrackMetric


def test_all_sides_are_compared_and_equal():
    parser = argparse.ArgumentParser()
    evaluation.add_arguments(parser)
    text = evaluation.run(parser.parse_args(['--people', '40', '--rounds', '1']))
    rows = [line[2:-2].split(' | ') for line in text.splitlines() if line.startswith('| ')][2:]
    assert [row[1] for row in rows] == [
        'MMPose, four evaluations', 'MMPose, one evaluation (all)', 'SpineTrackMetric'] * 2


def test_numbers_that_differ_are_told():
    ours = {'spinetrack/body_AP': .5, 'spinetrack/body_AR': .6}
    evaluation._check([{'coco/AP': .5, 'coco/AR': .6}], ['body'], ours)
    with pytest.raises(ValueError, match=r'body coco/AR is 0\.61 by MMPose and 0\.6 by SpineTrackMetric'):
        evaluation._check([{'coco/AP': .5, 'coco/AR': .61}], ['body'], ours)


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
    assert all(.1 < found[f'spinetrack/{subset}_AP'] < .8 for subset in skeleton.SUBSETS)
