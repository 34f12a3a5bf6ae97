import argparse
import json

import cv2
import numpy as np
import pytest

import builders
from spinepose_mm.benchmarks import loading


def arguments(*asked):
    parser = argparse.ArgumentParser()
    loading.add_arguments(parser)
    return parser.parse_args(['--samples', '4', '--rounds', '1', *asked])


def rows(text):
    return [line[2:-2].split(' | ') for line in text.splitlines() if line.startswith('| ')][2:]


def test_sizes_pipelines_and_workers_are_compared(tmp_path):
    builders.write_image(tmp_path / 'a.jpg')
    text = loading.run(
        arguments(
            '--images',
            str(tmp_path),
            '--sizes',
            '240x0',
            '--workers',
            '0',
            '1',
            '--people',
            '2',
            '--config',
            'spinepose_tiny.py',
        )
    )
    found = rows(text)
    assert [row[0].split(',')[0] for row in found[::2]] == ['train', 'train', 'val', 'val']
    assert [row[0][-9:] for row in found[::2]] == ['0 workers', '1 workers'] * 2
    assert all(row[0].split(', ')[1].startswith('240x') for row in found[::2])
    assert {row[1] for row in found[1::2]} == {'spinepose_mm'} and {row[-1] for row in found[1::2]} == {'0.00'}


def sides(folder, config, split='train', **options):
    """Return the data sets of both sides, on two synthetic people; `options` are for this package's crop."""
    from mmengine.config import Config

    from spinepose_mm.zoo.models import find_config

    bits = loading._write_data(folder, (1280, 960), arguments('--samples', '2', '--people', '2', '--heights', '.6'))
    assert 0.3 < bits < 3
    pipeline = Config.fromfile(find_config(config)[0])[f'{split}_dataloader'].dataset.pipeline
    own = [dict(step, **options) if step['type'] == 'SpineTopdownAffine' else step for step in pipeline]
    return [loading._dataset(folder, steps, split) for steps in (loading._stock(pipeline), own)]


@pytest.mark.parametrize(
    'config',
    [
        'spinepose_v1_small.py',
        'spinepose_v1_xlarge.py',
        'spinepose_small_coco.py',
        'spinepose_baseline_hrnet_w32.py',
        'spinepose_baseline_vitpose_b.py',
    ],
)
def test_labels_are_those_of_mmpose_and_images_nearly(tmp_path, config):
    assert loading._difference(*sides(tmp_path, config)) < 2
    assert loading._difference(*sides(tmp_path, config, 'val')) == 0


def test_made_people_are_as_high_as_asked(tmp_path):
    loading._write_data(tmp_path, (320, 240), arguments('--heights', '.5', '.25', '--people', '3'))
    content = json.loads((tmp_path / 'people.json').read_text())
    assert [person['bbox'][3] for person in content['annotations']] == [120, 60, 120, 60]
    assert [person['image_id'] for person in content['annotations']] == [0, 0, 0, 1]
    assert cv2.imread(str(tmp_path / '1.jpg')).shape == (240, 320, 3)
    for person in content['annotations']:
        (x, y, w, h), points = person['bbox'], np.reshape(person['keypoints'], (37, 3))
        assert x >= 0 and y >= 0 and x + w <= 320 and y + h <= 240
        assert (points[:, :2] >= (x, y)).all() and (points[:, :2] <= (x + w, y + h)).all() and (points[:, 2] == 2).all()


def test_other_labels_are_an_error(tmp_path):
    with pytest.raises(ValueError, match='keypoint_[xy]_labels of sample 0 differs'):
        loading._difference(*sides(tmp_path, 'spinepose_v1_small.py', use_udp=True))


def test_a_folder_without_images_is_an_error(tmp_path):
    with pytest.raises(ValueError, match='no JPEG or PNG file'):
        loading.run(arguments('--images', str(tmp_path), '--sizes', '64x48', '--workers', '0'))
