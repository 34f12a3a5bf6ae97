"""Benchmark of evaluating all subsets of keypoints, against MMPose's metric and COCO's evaluator."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import tempfile
import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .pairs import Comparison, compare, table

if TYPE_CHECKING:
    from mmengine.evaluator import BaseMetric

    #: A metric that has read its labels, and the samples for it.
    Loaded = tuple[BaseMetric, list[dict[str, Any]]]
    #: What builds a metric, its annotation file, the metainfo, and the samples.
    Work = tuple[Callable[..., BaseMetric], str, dict[str, Any], list[dict[str, Any]]]

_CUT, _OURS = 'CocoMetric, then COCOeval for each subset', 'SpineTrackMetric'
_FOUR, _APART = 'CocoMetric on a data set of each subset', 'SpineTrackMetric, subset_scores=True'
_TWICE, _CROWDS, _UNSEEN, _LACKING = 0.05, 0.02, 0.1, 0.1  # parts of the people, and of the keypoints, that are so
_OFF = 1.2, 0.5  # shape and scale of how far off people's keypoints are, in sigmas


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--people', type=int, default=6000, help='number of labelled people (6000)')
    parser.add_argument('--per-image', type=int, default=3, help='people in an image (3)')
    parser.add_argument('--rounds', type=int, default=5, help='that are measured (5)')


def run(args: argparse.Namespace) -> str:
    """Return the table of evaluations in both orders, with the labels in memory and from files on.

    Raises:
        ValueError: the sides' numbers differ in any bit.
    """
    from mmpose.evaluation import CocoMetric

    from spinepose_mm import skeleton
    from spinepose_mm.evaluation import SpineTrackMetric

    from .cut_metric import CutCocoMetric

    content, samples = make_people(args.people, args.per_image)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        works = {}  # of each subset: the file, data and samples of a metric
        for subset, ids in skeleton.SUBSETS.items():
            path = Path(folder, f'{subset}.json')
            path.write_text(json.dumps(_cut_labels(content, ids)))
            works[subset] = str(path), _meta(ids), [_cut_sample(sample, ids) for sample in samples]
        orders: dict[str, dict[str, list[Work]]] = {
            'scored once': {_CUT: [(CutCocoMetric, *works['all'])], _OURS: [(SpineTrackMetric, *works['all'])]},
            'scored by subset': {
                _FOUR: [(partial(CocoMetric, prefix=f'spinetrack/{subset}'), *work) for subset, work in works.items()],
                _APART: [(partial(SpineTrackMetric, subset_scores=True), *works['all'])],
            },
        }
        done: list[Comparison] = []
        for order, sides in orders.items():
            done += _compare_order(order, sides, args.rounds, args.people)
    return (
        f'{args.people} labelled people, {args.per_image} in an image; {len(samples)} predictions; the numbers of '
        'both sides are equal to the last bit; peak: of what Python and NumPy allocate beside the labels\n\n'
        + table(done, 'person')
    )


def _compare_order(order: str, sides: dict[str, list[Work]], rounds: int, people: int) -> list[Comparison]:
    """Compare the sides of one order of evaluation, with the labels in memory, and from files on."""
    loaded = {name: [_load(*work) for work in side] for name, side in sides.items()}
    _check(*[(name, _evaluate_all(side)) for name, side in loaded.items()])
    evaluations = {name: partial(_evaluate_all, side) for name, side in loaded.items()}
    notes = {'peak MB': {name: _peak(evaluation) for name, evaluation in evaluations.items()}}
    from_file = {name: partial(_load_and_evaluate, side) for name, side in sides.items()}
    return [
        compare(f'{order}, labels in memory', evaluations, rounds, people, notes=notes),
        compare(f'{order}, from the file on', from_file, rounds, people, notes={'peak MB': {}}),
    ]


def make_people(people: int, per_image: int, seed: int = 0) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a COCO data set of moving people, and MMPose's data samples of simulated predictions.

    Some are labelled without a subset's keypoints, some are crowds, and some are predicted twice.
    """
    from spinepose_mm import skeleton
    from spinepose_mm.synthetic.around import perform
    from spinepose_mm.synthetic.motion_poses import MOTIONS

    rng = np.random.default_rng(seed)
    world = perform(rng, MOTIONS, 1, 25)[0]
    world = world[rng.integers(len(world), size=people)]
    angle, size = rng.uniform(0, 2 * np.pi, (people, 1)), rng.uniform(30, 220, (people, 1, 1))
    points = size * np.stack([world[..., 0] * np.cos(angle) + world[..., 2] * np.sin(angle), -world[..., 1]], -1)
    points = (points + rng.uniform(0, 500, (people, 1, 2))).round(2)
    low, high = points.min(1), points.max(1)
    areas = 0.6 * (high - low).prod(1)
    sigmas = 2 * np.sqrt(areas)[:, None] * np.array(skeleton.SIGMAS)
    visible = np.where(rng.random((people, skeleton.NUM_KEYPOINTS)) < _UNSEEN, 0, 2)
    for subset, lacking in zip(('body', 'feet', 'spine'), rng.random((3, people)) < _LACKING / 3):
        visible[np.ix_(lacking, skeleton.SUBSETS[subset])] = 0
    annotations = [
        dict(
            id=i + 1,
            image_id=i // per_image + 1,
            category_id=1,
            iscrowd=int(rng.random() < _CROWDS),
            area=areas[i],
            bbox=[*low[i], *(high - low)[i]],
            keypoints=np.column_stack([points[i], visible[i]]).ravel().tolist(),
            num_keypoints=int((visible[i] > 0).sum()),
        )
        for i in range(people)
    ]
    images = [dict(id=i + 1, file_name=f'{i + 1}.jpg', width=1280, height=720) for i in range(-(-people // per_image))]
    predicted = points + rng.normal(size=points.shape) * (sigmas * rng.gamma(*_OFF, (people, 1)))[..., None]
    samples: list[dict[str, Any]] = []
    for i in np.r_[:people, np.flatnonzero(rng.random(people) < _TWICE)].tolist():
        again = rng.normal(size=predicted[i].shape) * 0.1 * sigmas[i, :, None]
        samples.append(_sample(rng, len(samples) + 1, i // per_image + 1, predicted[i] + again, low[i], high[i]))
    return dict(images=images, annotations=annotations, categories=[dict(id=1, name='person')]), samples


def _sample(
    rng: np.random.Generator, number: int, image: int, points: np.ndarray, low: np.ndarray, high: np.ndarray
) -> dict[str, Any]:
    """Return a data sample as a top-down estimator leaves it."""
    box, score = np.r_[low, high][None].astype(np.float32), rng.uniform(0.5, 1, 1).astype(np.float32)
    return dict(
        id=number,
        img_id=image,
        category_id=np.array(1),
        pred_instances=dict(
            keypoints=points[None].astype(np.float32),
            bboxes=box,
            bbox_scores=score,
            keypoint_scores=rng.uniform(0.1, 1, (1, len(points))).astype(np.float32),
        ),
        gt_instances=dict(bbox_scores=score, bbox_scales=1.25 * (box[:, 2:] - box[:, :2])),
    )


def _cut_labels(content: dict[str, Any], ids: Sequence[int]) -> dict[str, Any]:
    """Return a data set of these keypoints alone."""
    people = []
    for person in content['annotations']:
        points = np.reshape(person['keypoints'], (-1, 3))[list(ids)]
        people.append(dict(person, keypoints=points.ravel().tolist(), num_keypoints=int((points[:, 2] > 0).sum())))
    return dict(content, annotations=people)


def _cut_sample(sample: dict[str, Any], ids: Sequence[int]) -> dict[str, Any]:
    prediction = sample['pred_instances']
    points = {name: prediction[name][:, list(ids)] for name in ('keypoints', 'keypoint_scores')}
    return dict(sample, pred_instances={**prediction, **points})


def _meta(ids: Sequence[int]) -> dict[str, Any]:
    """Return the metainfo of these keypoints that MMPose's data sets pass to a metric."""
    from spinepose_mm import skeleton

    return dict(dataset_name='subset', num_keypoints=len(ids), sigmas=np.array(skeleton.SIGMAS, np.float32)[list(ids)])


def _load(metric: Callable[..., BaseMetric], path: str, meta: dict[str, Any], samples: list[dict[str, Any]]) -> Loaded:
    """Return a metric that has read its labels, and the samples."""
    loaded = metric(ann_file=path)
    loaded.dataset_meta = meta
    return loaded, samples


def _evaluate(metric: BaseMetric, samples: list[dict[str, Any]]) -> dict[str, float]:
    metric.process([], samples)
    return metric.evaluate(len(samples))


def _evaluate_all(loaded: Iterable[Loaded]) -> dict[str, float]:
    """Return the numbers of all metrics, {'spinetrack/body/AP': value}."""
    return {
        name.replace('_', '/'): value
        for metric, samples in loaded
        for name, value in _evaluate(metric, samples).items()
    }


def _load_and_evaluate(works: Iterable[Work]) -> None:
    _evaluate_all([_load(*work) for work in works])


def _check(theirs: tuple[str, dict[str, float]], ours: tuple[str, dict[str, float]]) -> None:
    """Raise a ValueError unless the numbers, (name of the side, {name: value}) each, are the same."""
    for name, value in theirs[1].items():
        if ours[1][name] != value:
            raise ValueError(f'{name} is {value} by {theirs[0]} and {ours[1][name]} by {ours[0]}')


def _peak(work: Callable[[], Any]) -> str:
    """Return the most memory that Python and NumPy have allocated at once for some work, in MB."""
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return f'{peak / 1e6:.0f}'
