import argparse
import json

import cv2
import numpy as np
import pytest

import builders
from spinepose_mm.benchmarks import robustness
from spinepose_mm.benchmarks.robustness import score, spread
from spinepose_mm.evaluation.table import evaluate


@pytest.fixture
def benchmark(rendered, tmp_path, monkeypatch):
    """A function that runs the benchmark of the shipped model on rendered people, and returns its cells."""
    monkeypatch.setenv('SPINETRACK_ROOT', str(rendered))
    monkeypatch.chdir(tmp_path)

    def run(*options):
        parser = argparse.ArgumentParser()
        robustness.add_arguments(parser)
        robustness.run(parser.parse_args(['spinepose-tiny', '--out', 'out', *options]))
        cells = json.loads((tmp_path / 'out' / 'cells.json').read_text())['cells']
        return {(name, severity): scores for name, severity, scores in cells}

    return run


def some(*names):
    return '--corruptions', *names, '--severities', '5'


@pytest.mark.slow
def test_the_shipped_model_on_rendered_people(benchmark, rendered, tmp_path, capsys):
    cells = benchmark(*some('noise', 'truncation'))
    clean = evaluate('spinepose-tiny', work_dir=tmp_path / 'work')
    for subset in ('body', 'feet', 'spine', 'all'):
        assert cells['clean', 0][f'{subset}_AP'] == pytest.approx(clean[f'spinetrack/{subset}_AP'], abs=1e-6)
        assert cells['clean', 0][f'{subset}_AR'] == pytest.approx(clean[f'spinetrack/{subset}_AR'], abs=1e-6)
    assert cells['noise', 5]['spine_AR'] < cells['clean', 0]['spine_AR']
    assert (tmp_path / 'out' / 'robustness.md').read_text() in capsys.readouterr().out + '\n'
    assert len((tmp_path / 'out' / 'robustness.csv').read_text().splitlines()) == 1 + 3 * 4
    for name in ('robustness.png', 'corruptions.jpg'):
        assert cv2.imread(str(tmp_path / 'out' / name)).std() > 10


def test_a_run_goes_on_where_it_stopped(benchmark, tmp_path, monkeypatch):
    cells = benchmark(*some('noise'), '--images', '4')
    asked = []
    monkeypatch.setattr(
        robustness, 'evaluate', lambda cfg, cells, *rest: (asked.append(c) or (c, {**cells_of[c]}) for c in cells)
    )
    cells_of = {('jpeg', 5): cells['noise', 5]}
    more = benchmark(*some('noise', 'jpeg'), '--images', '4')
    assert asked == [('jpeg', 5)] and more.items() >= cells.items()
    with pytest.raises(ValueError, match='of a run with another images and seed'):
        benchmark(*some('noise'), '--images', '5', '--seed', '1')
    (tmp_path / 'out' / 'cells.json').write_text('{"run": 3}')
    with pytest.raises(ValueError, match='is no file of this benchmark'):
        benchmark(*some('noise'))


@pytest.mark.slow
def test_workers_see_the_same_images(benchmark, tmp_path):
    cells = benchmark(*some('fog', 'person_occlusion'), '--images', '4')
    (tmp_path / 'out' / 'cells.json').unlink()
    assert benchmark(*some('fog', 'person_occlusion'), '--images', '4', '--workers', '2', '--batch-size', '2') == cells


@pytest.mark.slow
def test_people_of_images_that_are_left_out_do_not_count(benchmark, rendered, tmp_path):
    two = benchmark(*some('darkness'), '--images', '2')
    content = json.loads((rendered / 'annotations/person_keypoints_val.json').read_text())
    content['images'] = [content['images'][0], content['images'][-1]]
    kept = [image['id'] for image in content['images']]
    content['annotations'] = [person for person in content['annotations'] if person['image_id'] in kept]
    (tmp_path / 'labels.json').write_text(json.dumps(content))
    (tmp_path / 'out' / 'cells.json').unlink()
    data = '--ann-file', str(tmp_path / 'labels.json'), '--image-folder', str(rendered / 'images/val')
    assert benchmark(*some('darkness'), *data) == two


@pytest.mark.slow
@pytest.mark.parametrize('count', [37, 26, 17])
def test_other_test_data(count, benchmark, rendered, tmp_path):
    content = json.loads((rendered / 'annotations/person_keypoints_val.json').read_text())
    for person in content['annotations']:
        person['keypoints'] = person['keypoints'][: 3 * count]
    (tmp_path / 'labels.json').write_text(json.dumps(content))
    data = '--ann-file', str(tmp_path / 'labels.json'), '--image-folder', str(rendered / 'images/val')
    cells = benchmark(*some('darkness'), *data, '--images', '3')
    assert cells['clean', 0]['body_AP'] >= 0
    assert (cells['clean', 0]['feet_AP'] >= 0) == (count > 17)
    assert ('| body | feet |' in (tmp_path / 'out' / 'robustness.md').read_text()) == (count > 17)


@pytest.mark.parametrize(
    'options, message',
    [
        (['--ann-file', 'labels.json'], 'both are needed'),
        (['--ann-file', 'labels.json', '--image-folder', '.'], 'people of 5 keypoints, where 17, 26, 37'),
        (['--images', '0'], 'from 1, but 0'),
        (['--cfg-options', 'test_dataloader.dataset.pipeline=[]'], "does not begin with an image's loader"),
    ],
)
def test_wrong_options_are_refused(options, message, benchmark, tmp_path):
    (tmp_path / 'labels.json').write_text(
        json.dumps(dict(images=[], categories=[], annotations=[builders.person(keypoints=builders.keypoints(5))]))
    )
    with pytest.raises(ValueError, match=message):
        benchmark(*options)


def test_images_are_spread_evenly_with_all_their_people():
    people = [3, 3, 5, 8, 8, 8, 9, 11]
    assert spread(people, None) == spread(people, 99) == list(range(8))
    assert spread(people, 2) == [0, 1, 7]
    assert spread(people, 3) == [0, 1, 3, 4, 5, 7]


def test_labels_that_are_cut_do_not_count():
    flat = np.array(builders.keypoints(), float).reshape(-1, 3)
    found = flat[None, :, :2].copy()
    found[:, 20:] += 500  # wrong there

    def sample(visible):
        return dict(
            id=1,
            img_id=7,
            ori_shape=(100, 120),
            raw_ann_info=builders.person(image_id=7),
            pred_instances=dict(keypoints=found, keypoint_scores=np.ones((1, 37)), bboxes=np.array([[0, 0, 99, 99.0]])),
            gt_instances=dict(
                bboxes=np.array([[10.0, 20, 90, 80]]),
                bbox_scores=np.ones(1),
                bbox_scales=np.ones((1, 2)),
                keypoints=flat[None, :, :2],
                keypoints_visible=visible,
            ),
        )

    visible = np.ones((1, 37, 2))  # as of data sets with weights of keypoints
    assert score([sample(visible)])['all_AP'] == pytest.approx(0, abs=0.31)
    visible[:, 20:] = 0
    cut = score([sample(visible)])
    assert cut['all_AP'] == pytest.approx(1) and cut['body_AP'] == pytest.approx(1) and cut['feet_AP'] == -1
