"""Benchmark of a model's robustness: AP of each subset under eleven corruptions of the image, in five severities."""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config, DictAction
from mmengine.dataset import pseudo_collate
from mmengine.runner import Runner
from torch.utils.data import DataLoader, Subset
from tqdm import tqdm

from spinepose_mm import skeleton
from spinepose_mm.datasets import ImageCorruption
from spinepose_mm.datasets.corruptions import CORRUPTIONS, SEVERITIES
from spinepose_mm.evaluation import SpineTrackMetric
from spinepose_mm.evaluation.table import DATA, load_config
from spinepose_mm.io.atomic import locked, replacing
from spinepose_mm.io.identity import described
from spinepose_mm.io.reading import reading
from spinepose_mm.zoo.models import find_config

from .robustness_data import prepare
from .robustness_results import CLEAN, Cells, as_csv, as_markdown, plot, title
from .robustness_sheet import draw_sheet

#: Part of its box that COCO's evaluator takes a person to fill who has no area.
_NO_AREA = 0.53


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        'model',
        metavar='MODEL[=CHECKPOINT]',
        help='config file, or a name or alias of the zoo; with its own weights, or with these, which may be ONNX',
    )
    parser.add_argument('--corruptions', nargs='+', choices=CORRUPTIONS, default=CORRUPTIONS, help='which (all)')
    parser.add_argument('--severities', nargs='+', type=int, choices=SEVERITIES, default=SEVERITIES, help='which (all)')
    parser.add_argument('--on', choices=tuple(DATA), default='config', help='test data, as those of evaluate (config)')
    parser.add_argument('--ann-file', help='labels of other test data: COCO-style JSON of 37, 26 or 17 keypoints')
    parser.add_argument('--image-folder', help='their images')
    parser.add_argument('--images', type=int, help='so many images, evenly over the test data (all)')
    parser.add_argument('--seed', type=int, default=0, help='of the corruptions (0)')
    parser.add_argument('--batch-size', type=int, default=50, help='people at a time (50)')
    parser.add_argument('--workers', type=int, default=0, help='processes that load and corrupt images (0: this one)')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='settings to override, a.b=value')
    parser.add_argument(
        '--out', type=Path, help='folder of the table, the plot and what is finished (work_dirs/robustness/MODEL)'
    )


def run(args: Namespace) -> None:
    """Write robustness.md, .csv and .png and corruptions.jpg, and print the table; an interrupted run goes on.

    Raises:
        ValueError: there is no such model or data, or the folder is of another run.
    """
    model, _, checkpoint = args.model.partition('=')
    config, weights = find_config(model)
    weights = checkpoint or weights
    if not weights:
        raise ValueError(f'{model} has no weights of its own; write {model}=CHECKPOINT')
    if (args.ann_file is None) != (args.image_folder is None):
        raise ValueError('--ann-file and --image-folder name one data set: both are needed')
    if args.images is not None and args.images < 1:
        raise ValueError(f'--images is a number from 1, but {args.images} was given')
    out = args.out or Path('work_dirs/robustness', Path(model).stem)
    out.mkdir(parents=True, exist_ok=True)
    with locked(out / 'cells.json', f'the benchmark in {out}'):
        cfg = prepare(load_config(config, args.on), args, out)
        cfg.load_from, cfg.work_dir, cfg.launcher = str(weights), str(out / 'log'), 'none'
        finished = _Finished(out / 'cells.json', _identity(args, config, weights, cfg))
        cells = [(CLEAN, 0), *((name, severity) for name in args.corruptions for severity in args.severities)]
        left = [cell for cell in cells if cell not in finished.cells]
        if left:
            for cell, scores in evaluate(cfg, left, args.images, args.batch_size, args.workers):
                finished.add(cell, scores)
        done = {cell: finished.cells[cell] for cell in cells}
        with replacing(out / 'robustness.md') as file:
            file.write(as_markdown(done) + '\n')
        with replacing(out / 'robustness.csv') as file:
            file.write(as_csv(done))
        plot(done, out / 'robustness.png', Path(model).stem)
        draw_sheet(cfg.test_dataloader.dataset, out / 'corruptions.jpg')
    print(f'{as_markdown(done)}\n\n{out / "robustness.md"}, .csv and .png')


def evaluate(
    cfg: Config, cells: Sequence[tuple[str, int]], images: int | None, batch_size: int, workers: int
) -> Iterator[tuple[tuple[str, int], dict[str, float]]]:
    """Yield cells, (corruption, severity), and their numbers, {'body_AP': value}, in the order that is given.

    Args:
        cfg: as `prepare` returns it.
        images: as of `spread`.
        batch_size: people at a time.
        workers: processes that load images; 0 for this one.
    """
    runner = Runner.from_cfg(cfg)
    runner.load_or_resume()
    model, dataset = runner.model.eval(), runner.test_dataloader.dataset
    dataset.full_init()
    corruption = next(step for step in dataset.pipeline.transforms if isinstance(step, ImageCorruption))
    rows = spread([dataset.get_data_info(row)['img_id'] for row in range(len(dataset))], images)
    with tqdm(total=len(cells) * len(rows), unit='person', disable=None) as bar:
        for name, severity in cells:
            corruption.choose(CORRUPTIONS[0] if name == CLEAN else name, severity)
            bar.set_description(title(name) + f' {severity}' * bool(severity))
            # The workers of each cell are new ones, which know the corruption.
            loader: DataLoader[Any] = DataLoader(
                Subset(dataset, rows), batch_size, num_workers=workers, collate_fn=pseudo_collate
            )
            samples: list[dict[str, Any]] = []
            for batch in loader:
                samples += [sample.to_dict() for sample in model.test_step(batch)]
                bar.update(len(batch['inputs']))
            yield (name, severity), score(samples)


def spread(image_ids: Sequence[Any], images: int | None) -> list[int]:
    """Return the rows of the people of so many images, taken evenly over all; of all images if it is None.

    Args:
        image_ids: of the people, (N,).
    """
    ids = list(dict.fromkeys(image_ids))
    count = min(images or len(ids), len(ids))
    chosen = {ids[int(place)] for place in np.linspace(0, len(ids) - 1, count).round()}
    return [row for row, id in enumerate(image_ids) if id in chosen]


def score(samples: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return AP and AR of each subset, {'body_AP': value}; -1 where a subset has no labels.

    The labels are those of the samples, so that the keypoints that a truncation takes off are left out.

    Args:
        samples: data samples of a test, as dicts.
    """
    count = samples[0]['pred_instances']['keypoints'].shape[1]
    subsets = [subset for subset, ids in skeleton.SUBSETS.items() if max(ids) < count]
    metric = SpineTrackMetric(subsets)
    # Of a data set by its own name, the metric would take the annotation file's labels: all people's, not cut.
    metric.dataset_meta = dict(
        dataset_name='robustness',
        num_keypoints=skeleton.NUM_KEYPOINTS,
        sigmas=np.array(skeleton.SIGMAS),
        CLASSES=[dict(id=1)],
    )
    metric.process([], [dict(sample, category_id=1, raw_ann_info=_label(sample)) for sample in samples])
    numbers = metric.evaluate(len(samples))
    return {
        f'{subset}_{value}': numbers[f'spinetrack/{subset}_{value}'] for subset in subsets for value in ('AP', 'AR')
    }


def _label(sample: dict[str, Any]) -> dict[str, Any]:
    """Return the COCO annotation of a sample, of 37 keypoints."""
    labels, given = sample['gt_instances'], sample.get('raw_ann_info') or {}
    points, visible = np.asarray(labels['keypoints'][0]), np.asarray(labels['keypoints_visible'][0])
    flat = np.zeros((skeleton.NUM_KEYPOINTS, 3))
    flat[: len(points), :2] = points
    flat[: len(points), 2] = 2 * (visible.reshape(len(points), -1)[:, 0] > 0)
    x1, y1, x2, y2 = np.asarray(labels['bboxes'][0], float).tolist()
    return dict(
        id=sample['id'],
        image_id=sample['img_id'],
        category_id=1,
        iscrowd=0,
        bbox=[x1, y1, x2 - x1, y2 - y1],
        area=given.get('area', _NO_AREA * (x2 - x1) * (y2 - y1)),
        keypoints=flat.ravel().tolist(),
    )


def _identity(args: Namespace, config: str, weights: str, cfg: Config) -> dict[str, Any]:
    """Return what the cells of one run have in common, as JSON takes it."""
    dataset = cfg.test_dataloader.dataset
    files = [args.ann_file, args.image_folder]
    if not args.ann_file:
        parts = dataset.get('datasets', [dataset])
        files = [os.path.join(part.get('data_root') or '', part.get('ann_file') or '') for part in parts]
    return dict(
        model=described(config),
        weights=described(weights),
        options=described(str(args.cfg_options)),
        data=described(files),
        images=args.images,
        seed=args.seed,
    )


class _Finished:
    """The cells of a run that are finished, in a file that is written after each.

    Raises:
        ValueError: the file is of another run, or none of this benchmark.
    """

    def __init__(self, path: Path, identity: dict[str, Any]) -> None:
        self.path, self.identity = path, identity
        self.cells: Cells = {}
        if not path.exists():
            return
        with reading(path, 'is no file of this benchmark'):
            content = json.loads(path.read_text(encoding='utf-8'))
            other = [key for key, value in identity.items() if content['run'][key] != value]
            self.cells = {(name, severity): scores for name, severity, scores in content['cells']}
        if other:
            raise ValueError(
                f'{path} is of a run with another {" and ".join(other)}: choose another --out, or remove that file'
            )

    def add(self, cell: tuple[str, int], scores: dict[str, float]) -> None:
        self.cells[cell] = scores
        with replacing(self.path) as file:
            json.dump(dict(run=self.identity, cells=[[*key, value] for key, value in self.cells.items()]), file)
