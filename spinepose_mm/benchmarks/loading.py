"""Benchmark of loading, cropping and labelling a config's images, beside MMPose's own steps."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .pairs import Comparison, compare, table

if TYPE_CHECKING:
    from mmengine.dataset import BaseDataset
    from mmpose.structures import PoseDataSample

#: MMPose's steps in whose place this package's stand, and the options that only this package's have.
_STOCK = {
    'LoadSpineImage': 'LoadImage',
    'SpineBBoxTransform': 'RandomBBoxTransform',
    'SpineTopdownAffine': 'TopdownAffine',
    'SpineTarget': 'GenerateTarget',
}
_OPTIONS = ('skip_broken', 'lazy', 'halve')
_SIDES = 'MMPose', 'spinepose_mm'
_GRAIN = 2  # grey levels of noise: files of about as many bits a pixel as a camera's
_QUALITY = 92


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--config', default='spinepose_v1_medium.py', help='file of a config, or its name')
    parser.add_argument(
        '--sizes',
        nargs='+',
        type=_size,
        default=[(640, 480), (1280, 720), (1920, 1080)],
        metavar='WxH',
        help='of the images, in pixels',
    )
    parser.add_argument(
        '--images',
        metavar='FOLDER',
        help="of JPEG or PNG files, which are scaled to the sizes' widths, instead of synthetic images",
    )
    parser.add_argument(
        '--heights',
        nargs='+',
        type=float,
        default=[0.3, 0.6, 0.9],
        metavar='PART',
        help="of people, as parts of the image's; one after another",
    )
    parser.add_argument('--people', type=int, default=1, help='in an image')
    parser.add_argument('--workers', nargs='+', type=int, default=[0, 2], help='numbers of processes that load')
    parser.add_argument('--samples', type=int, default=96, help='people that are loaded in a round')
    parser.add_argument('--rounds', type=int, default=9)


def _size(text: str) -> tuple[int, int]:
    w, h = text.split('x')
    return int(w), int(h)


def run(args: argparse.Namespace) -> str:
    """Return the table of samples for each size, pipeline and number of workers.

    Raises:
        ValueError: there is no image in the folder, the pipeline crops none, or the labels of both sides differ.
    """
    import cv2
    from mmengine.config import Config
    from mmengine.registry import init_default_scope

    from spinepose_mm.zoo.models import find_config

    init_default_scope('mmpose')
    cv2.setNumThreads(0)  # as MMEngine's runner does for the loaders' sake
    cfg = Config.fromfile(find_config(args.config)[0])
    comparisons = []
    for size in args.sizes:
        with tempfile.TemporaryDirectory() as folder:
            # In another process: where large arrays were freed, the C library gives OpenCV's decoder used pages, where
            # a training's loaders mostly get new ones, which cost it as much as the decoding.
            with multiprocessing.Pool(1) as pool:
                bits = pool.apply(_write_data, (Path(folder), size, args))
            for split in ('train', 'val'):
                pipeline = cfg[f'{split}_dataloader'].dataset.pipeline
                sides = {
                    name: _dataset(folder, steps, split) for name, steps in zip(_SIDES, (_stock(pipeline), pipeline))
                }
                notes = {'grey levels': {_SIDES[1]: f'{_difference(*sides.values()):.2f}'}}
                case = f'{split}, {size[0]}x{size[1]} ({bits:.1f} bits a pixel)'
                comparisons += [
                    _measure(f'{case}, {workers} workers', sides, workers, split, args.rounds, notes)
                    for workers in args.workers
                ]
    heights = ', '.join(f'{part:g}' for part in args.heights)
    return (
        f'{args.config}, people {heights} of the image high, {args.people} in each, '
        f'{args.images or "synthetic images"}; grey levels: mean difference of the crops, with the same random '
        f'numbers\n\n{table(comparisons, "sample")}'
    )


def _stock(pipeline: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a pipeline with MMPose's own steps."""
    stock = []
    for step in pipeline:
        options = {key: value for key, value in step.items() if key not in _OPTIONS}
        stock.append(dict(options, type=_STOCK.get(step['type'], step['type'])))
    return stock


def _write_data(folder: Path, size: tuple[int, int], args: argparse.Namespace) -> float:
    """Write images of people's boxes, in COCO's format, and return how many bits a pixel the files have."""
    import cv2

    from spinepose_mm import skeleton

    rng, images, bits = np.random.default_rng(0), [], []
    people: list[dict[str, Any]] = []
    for number, image in enumerate(_images(rng, size, args.images, -(-args.samples // args.people))):
        h, w = image.shape[:2]
        data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
        Path(folder, f'{number}.jpg').write_bytes(data.tobytes())
        bits.append(8 * len(data) / (w * h))
        images.append(dict(id=number, file_name=f'{number}.jpg', width=w, height=h))
        for _ in range(min(args.people, args.samples - len(people))):
            extent = args.heights[len(people) % len(args.heights)] * h * np.array([0.45, 1])
            corner = rng.uniform(0, np.maximum((w, h) - extent, 1))
            points = corner + extent * rng.random((skeleton.NUM_KEYPOINTS, 2))
            people.append(
                dict(
                    id=len(people),
                    image_id=number,
                    category_id=1,
                    iscrowd=0,
                    area=float(extent.prod()),
                    bbox=[*corner, *extent],
                    keypoints=np.insert(points, 2, 2, axis=1).ravel().tolist(),
                )
            )
    content = dict(images=images, annotations=people, categories=[dict(id=1, name='person')])
    Path(folder, 'people.json').write_text(json.dumps(content))
    return float(np.mean(bits))


def _images(rng: np.random.Generator, size: tuple[int, int], folder: str | None, count: int) -> Iterator[np.ndarray]:
    """Yield images: those of a folder, again and again, or synthetic ones with a camera's grain."""
    import cv2

    from spinepose_mm.io.image import read_image
    from spinepose_mm.lifting import Camera
    from spinepose_mm.synthetic import backdrop

    paths = (
        sorted(path for path in Path(folder).iterdir() if path.suffix.lower() in ('.jpg', '.jpeg', '.png'))
        if folder
        else None
    )
    if folder and not paths:
        raise ValueError(f'no JPEG or PNG file is in {folder}')
    camera = Camera.looking([3, 1.3, 1.6], [0, 0.95, 0], 36, size)
    for number in range(count):
        if paths:
            image = read_image(paths[number % len(paths)])
            height = round(image.shape[0] * size[0] / image.shape[1])
            yield cv2.resize(image, (size[0], height), interpolation=cv2.INTER_AREA)
        else:
            image = backdrop.background(rng, camera, ())
            grain = rng.normal(0, _GRAIN, (*image.shape[:2], 1))
            yield (image + grain).clip(0, 255).astype(np.uint8)


def _dataset(folder: str | os.PathLike[str], pipeline: Sequence[dict[str, Any]], split: str) -> BaseDataset:
    from mmpose.registry import DATASETS

    return DATASETS.build(
        dict(
            type='SpineTrackDataset',
            data_root=str(folder),
            ann_file='people.json',
            data_prefix=dict(img=''),
            pipeline=pipeline,
            test_mode=split == 'val',
        )
    )


def _measure(
    case: str, sides: Mapping[str, BaseDataset], workers: int, split: str, rounds: int, notes: dict[str, dict[str, str]]
) -> Comparison:
    """Let loaders over both data sets load all samples in turns."""
    from mmengine.dataset import pseudo_collate
    from torch.utils.data import DataLoader

    loaders = {
        name: DataLoader(
            dataset,
            batch_size=16,
            shuffle=split == 'train',
            num_workers=workers,
            persistent_workers=workers > 0,
            collate_fn=pseudo_collate,
        )
        for name, dataset in sides.items()
    }
    items = len(next(iter(sides.values())))
    return compare(
        case, {name: partial(_load_all, loader) for name, loader in loaders.items()}, rounds, items, notes=notes
    )


def _load_all(loader: Iterable[Any]) -> None:
    for _ in loader:
        pass


def _difference(stock: BaseDataset, own: BaseDataset) -> float:
    """Return the mean difference of both sides' crops in grey levels, given the same random numbers.

    Raises:
        ValueError: their labels differ, or nothing is cropped.
    """
    differences = []
    for number in range(len(stock)):
        samples, crops = [], []
        for dataset in (stock, own):
            np.random.seed(number)
            samples.append(dataset[number]['data_samples'])
            np.random.seed(number)
            crops.append(_crop(dataset, number).astype(float))
        _check_labels(*samples)
        differences.append(np.abs(crops[0] - crops[1]).mean())
    return float(np.mean(differences))


def _crop(dataset: BaseDataset, number: int) -> np.ndarray:
    """Return a sample's image as it is after the crop, before its colours are changed."""
    from mmpose.datasets.transforms import TopdownAffine

    results = dataset.get_data_info(number)
    for step in dataset.pipeline.transforms:
        results = step(results)
        if isinstance(step, TopdownAffine):
            return results['img']
    raise ValueError('the pipeline has no TopdownAffine')


def _check_labels(stock: PoseDataSample, own: PoseDataSample) -> None:
    """Raise ValueError if anything but the image differs in two samples."""
    labels = []
    for sample in (stock, own):
        parts = [sample.get(name) for name in ('gt_instances', 'gt_instance_labels', 'gt_fields') if name in sample]
        labels.append(
            {name: np.asarray(value) for part in parts for name, value in part.items()}
            | {name: sample.get(name) for name in ('input_center', 'input_scale', 'flip')}
        )
    for name, value in labels[0].items():
        if not np.array_equal(value, labels[1][name]):
            raise ValueError(f'{name} of sample {own.id} differs from that of MMPose')
