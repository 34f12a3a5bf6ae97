import copy
import json
import os

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.model import revert_sync_batchnorm
from mmengine.runner import load_checkpoint
from mmengine.structures import InstanceData
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.evaluation import CocoMetric
from mmpose.registry import DATASETS, EVALUATORS, MODELS

import builders
from spinepose_mm.evaluation.table import format_table, load_config
from spinepose_mm.zoo.models import find_config


def crowd(root, labels, count):
    """Write 12 people in 4 images of 120 x 100 pixels with so many keypoints, and two detections of each."""
    rng, people, boxes = np.random.default_rng(0), [], []
    for i in range(12):
        x, y, w, h = box = [*rng.uniform(0, 40, 2), *rng.uniform(40, 60, 2)]
        points = np.column_stack(
            [rng.uniform(x, x + w, count), rng.uniform(y, y + h, count), rng.choice([0, 1, 2], count)]
        )
        people.append(
            builders.person(
                i + 1,
                1 + i % 4,
                bbox=box,
                area=float(w * h * rng.choice([0.6, 6])),
                keypoints=points.ravel().tolist(),
                iscrowd=int(i == 3),
                num_keypoints=count,
            )
        )
        boxes += [(1 + i % 4, box + rng.normal(size=4), score) for score in (0.9 - i / 100, 0.3)]
    (root / 'val2017').mkdir()
    labels.parent.mkdir()
    builders.write_annotations(labels, people)
    for i in range(1, 5):
        (labels.parent / f'{i}.jpg').rename(root / 'val2017' / f'{i}.jpg')
    return people, builders.write_detections(root, boxes)


@pytest.mark.parametrize(
    'on, labels, count, used',
    [('coco', 'person_keypoints_val2017.json', 17, 17), ('halpe26', 'halpe_val_v1.json', 136, 26)],
)
def test_figures_are_those_of_mmposes_own_metric(on, labels, count, used, tmp_path, monkeypatch):
    """On the same predictions, without this package's configs: labels and predictions are cut by hand."""
    labels = tmp_path / 'annotations' / labels
    people, boxes = crowd(tmp_path, labels, count)
    monkeypatch.setenv('COCO_ROOT', str(tmp_path))
    monkeypatch.setenv('HALPE_ROOT', str(tmp_path))
    cfg = load_config(find_config('spinepose-tiny')[0], on)
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    assert len(dataset) == 24  # the detections
    evaluator = EVALUATORS.build(cfg.test_evaluator)
    evaluator.dataset_meta = dataset.metainfo
    rng, samples = np.random.default_rng(1), []
    for i in range(24):
        packed = dataset[i]
        sample, person = packed['data_samples'], np.reshape(people[i // 2]['keypoints'], (-1, 3))
        found = np.zeros((1, 37, 2), np.float32)
        found[0, :used] = person[:used, :2] + rng.normal(size=(used, 2)) * rng.uniform(0, 6)
        seen = sample.gt_instances
        sample.pred_instances = InstanceData(
            keypoints=found,
            keypoint_scores=rng.uniform(0.1, 1, (1, 37)).astype(np.float32),
            bboxes=seen.bboxes,
            bbox_scores=seen.bbox_scores,
        )
        evaluator.process(data_samples=[sample], data_batch=dict(inputs=[packed['inputs']], data_samples=[sample]))
        samples.append(sample)
    found = evaluator.evaluate(24)

    meta = parse_pose_metainfo(dict(from_file=f'configs/_base_/datasets/{on.removesuffix("26")}.py'))
    content = json.loads(labels.read_text())
    for person in content['annotations']:
        person['keypoints'] = person['keypoints'][: 3 * used]
    (tmp_path / 'cut.json').write_text(json.dumps(content))
    metric = CocoMetric(ann_file=str(tmp_path / 'cut.json'), prefix=on)
    metric.dataset_meta = dict(meta, num_keypoints=used, sigmas=meta['sigmas'][:used])
    for sample in samples:
        one = copy.deepcopy(sample.to_dict())
        one['pred_instances'].update(
            {name: one['pred_instances'][name][:, :used] for name in ('keypoints', 'keypoint_scores')}
        )
        metric.process([], [one])
    expected = metric.evaluate(24)
    assert found == expected and len(found) == 10 and 0.1 < found[f'{on}/AP'] < 0.9


@pytest.mark.parametrize(
    'model, on',
    [
        ('spinepose-x', 'coco'),
        ('spinepose-s', 'halpe26'),
        ('spinepose-hrnet-w32', 'coco'),
        ('spinepose-vitpose-b', 'halpe26'),
    ],
)
def test_models_are_put_on_other_data(model, on, monkeypatch):
    """The network and its steps stay; the environment is left as it was."""
    monkeypatch.setenv('SPINEPOSE_MODEL', 'own.py')
    path = find_config(model)[0]
    cfg, own = load_config(path, on), Config.fromfile(path)
    assert cfg.model == own.model and cfg.test_dataloader.batch_size == own.test_dataloader.batch_size
    assert cfg.test_dataloader.dataset.pipeline == own.val_pipeline
    (data,) = cfg.test_dataloader.dataset.datasets
    assert data.bbox_file == f'data/coco/{builders.DETECTIONS}' and data.test_mode
    assert data.type == cfg.test_evaluator.datasets[0].type == {'coco': 'CocoDataset', 'halpe26': 'HalpeDataset'}[on]
    assert os.environ['SPINEPOSE_MODEL'] == 'own.py'


def figures(cfg, weights):
    """Return the figures of a model, without a Runner, which takes seconds."""
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    evaluator = cfg.test_evaluator
    evaluator = EVALUATORS.build(evaluator if 'metrics' in evaluator else dict(type='Evaluator', metrics=evaluator))
    evaluator.dataset_meta = dataset.metainfo
    model = revert_sync_batchnorm(MODELS.build(cfg.model)).eval()
    load_checkpoint(model, weights, map_location='cpu')
    batch = pseudo_collate([dataset[i] for i in range(len(dataset))])
    with torch.no_grad():
        evaluator.process(data_samples=model.test_step(batch), data_batch=batch)
    return evaluator.evaluate(len(dataset))


def test_body_on_coco_is_the_body_of_the_same_people(rendered, tmp_path, monkeypatch):
    """Rendered people as COCO's: in their labelled boxes they get what their first 17 keypoints get as SpineTrack's."""
    builders.write_coco(tmp_path, rendered)
    monkeypatch.setenv('COCO_ROOT', str(tmp_path))
    monkeypatch.setenv('SPINETRACK_ROOT', str(rendered))
    config, weights = find_config('spinepose-tiny')
    own, coco = (load_config(config, on) for on in ('config', 'coco'))
    own.test_evaluator.subset_scores = True
    own, coco = figures(own, weights), figures(coco, weights)
    assert coco['coco/AP'] > 0.05
    for name in ('AP', 'AP .5', 'AR'):
        assert coco[f'coco/{name}'] == pytest.approx(own[f'spinetrack/body_{name}'], abs=1e-6)


@pytest.mark.parametrize('on', ['coco', 'halpe26'])
def test_real_people(on, request, tmp_path):
    """Four images with people; the tiny model predicts few keypoints right."""
    root = request.getfixturevalue('coco_mini' if on == 'coco' else 'halpe_mini')
    source = root / ('annotations/person_keypoints_val2017.json' if on == 'coco' else 'halpe136.json')
    content = json.loads(source.read_text())
    people = [person for person in content['annotations'] if person['num_keypoints'] and not person['iscrowd']]
    images = sorted({person['image_id'] for person in people})[:4]
    content.update(
        {
            name: [entry for entry in content[name] if entry[key] in images]
            for name, key in (('images', 'id'), ('annotations', 'image_id'))
        }
    )
    (tmp_path / 'labels.json').write_text(json.dumps(content))
    cfg = load_config(find_config('spinepose-tiny')[0], on)
    (data,) = cfg.test_dataloader.dataset.datasets
    data.update(
        ann_file=str(tmp_path / 'labels.json'),
        bbox_file=str(
            builders.write_detections(
                tmp_path,
                [(person['image_id'], person['bbox'], 0.8) for person in people if person['image_id'] in images],
            )
        ),
        data_prefix=dict(img=str(root / ('val2017' if on == 'coco' else 'images'))),
    )
    found = figures(cfg, find_config('spinepose-tiny')[1])
    assert found.keys() >= {f'{on}/AP', f'{on}/AR (L)'} and 0 < found[f'{on}/AR .5'] < 0.8


def test_columns_are_those_that_a_model_has():
    rows = {
        'a': {'spinetrack/body_AP': 0.5, 'coco/AP': 0.25, 'params': 1e6, 'flops': 2e9},
        'b': {'coco/AP': -1, 'halpe26/AR': 0.125, 'params': 1e6, 'flops': 2e9},
    }
    assert format_table(rows).splitlines() == [
        '| Model | Body AP | COCO AP | Halpe-26 AR | Params (M) | FLOPs (G) |',
        '| --- | ---: | ---: | ---: | ---: | ---: |',
        '| a | 50.0 | 25.0 | – | 1.00 | 2.00 |',
        '| b | – | – | 12.5 | 1.00 | 2.00 |',
    ]
