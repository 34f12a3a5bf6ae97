"""Test data of a benchmark of robustness: a config's, or any in COCO's format, with corruptions in their pipeline."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from mmengine.config import Config

from spinepose_mm import skeleton
from spinepose_mm.datasets.corruptions import CORRUPTIONS
from spinepose_mm.io.atomic import replacing
from spinepose_mm.io.reading import reading


def prepare(cfg: Config, args: Namespace, out: Path) -> Config:
    """Return a config whose test data are those that are asked for, in labelled boxes, with an ImageCorruption.

    Raises:
        ValueError: the pipeline does not begin with a loader, or the labels are not of 37, 26 or 17 keypoints.
    """
    cfg.merge_from_dict(args.cfg_options or {})
    dataset = cfg.test_dataloader.dataset
    pipeline = list(dataset.get('pipeline') or [])
    if not pipeline or not str(pipeline[0]['type']).startswith('Load'):
        raise ValueError(f"{cfg.filename}: the pipeline of the test data does not begin with an image's loader")
    if args.ann_file:
        dataset = dict(
            type='SpineTrackDataset',
            ann_file=_with_all_keypoints(args.ann_file, out),
            data_prefix=dict(img=args.image_folder),
            test_mode=True,
        )
    for one in dataset.get('datasets', [dataset]):
        one.pop('bbox_file', None)
    people = {**dataset, 'pipeline': []}
    corruption = dict(type='ImageCorruption', name=CORRUPTIONS[0], severity=0, seed=args.seed, people=people)
    cfg.test_dataloader.dataset = {**dataset, 'pipeline': [pipeline[0], corruption, *pipeline[1:]]}
    cfg.test_evaluator, cfg.log_level = dict(type='SpineTrackMetric'), 'WARNING'
    return cfg


def _with_all_keypoints(path: str, out: Path) -> str:
    """Return the path of labels with 37 keypoints a person: the file itself, or a copy where the others have none."""
    with reading(path, 'is not in COCO format'):
        content = json.loads(Path(path).read_text(encoding='utf-8'))
        counts = {len(person['keypoints']) // 3 for person in content['annotations'] if person.get('keypoints')}
    if len(counts) != 1 or not counts <= skeleton.LAYOUTS.keys():
        raise ValueError(
            f'{path} has people of {", ".join(map(str, sorted(counts))) or "no"} keypoints, where '
            f'{", ".join(map(str, skeleton.LAYOUTS))} of one kind are expected'
        )
    missing = skeleton.NUM_KEYPOINTS - counts.pop()
    if not missing:
        return path
    for person in content['annotations']:
        if person.get('keypoints'):
            person['keypoints'] += [0] * (3 * missing)
    with replacing(out / 'labels.json') as file:
        json.dump(content, file)
    return str(out / 'labels.json')
