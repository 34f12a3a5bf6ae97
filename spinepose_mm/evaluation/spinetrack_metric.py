import contextlib
import io
import itertools
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import numpy as np
from mmengine.fileio import get_local_path
from mmpose.evaluation import CocoMetric
from mmpose.registry import METRICS
from xtcocotools.coco import COCO

from spinepose_mm import skeleton
from spinepose_mm.io.reading import reading

from .batched_cocoeval import BatchedCOCOeval, Labels, Predictions
from .ground_truth import check_ids, check_people, read_labels
from .suppression import suppress

#: Names of the numbers that COCOeval's `summarize` leaves, as CocoMetric gives them, by type of the evaluation.
_STATS = {
    'keypoints': ('AP', 'AP .5', 'AP .75', 'AP (M)', 'AP (L)', 'AR', 'AR .5', 'AR .75', 'AR (M)', 'AR (L)'),
    'keypoints_crowd': ('AP', 'AP .5', 'AP .75', 'AR', 'AR .5', 'AR .75', 'AP(E)', 'AP(M)', 'AP(H)'),
}

#: {(image id, category id): number of the group}.
Groups = Mapping[tuple[Any, Any], int]


@dataclass
class _Predictions:
    """All predictions, those of an image one after the other, in shapes (M, K, 2), (M, K) and (M,).

    `areas` and `box_areas` in square pixels are None where the predictions come without; `groups` is -1 for people of
    a category that the data set lacks. `starts` and `sizes` are of the images.
    """

    keypoints: np.ndarray
    keypoint_scores: np.ndarray
    box_scores: np.ndarray
    areas: np.ndarray | None
    box_areas: np.ndarray | None
    groups: np.ndarray
    starts: np.ndarray
    sizes: np.ndarray


@METRICS.register_module()
class SpineTrackMetric(CocoMetric):
    """COCO's keypoint AP and AR on subsets of SpineTrack's keypoints, as the SpinePose authors evaluate.

    People are scored and suppressed once, by all keypoints of the predictions, and only then cut into the subsets. Each
    subset is compared by COCO's evaluator with its own sigmas and the annotations' areas; annotations without a
    labelled keypoint of the subset are ignored. Predictions carry no box into it, so that it takes the extent of the
    subset's keypoints for their area.

    With `subset_scores` each subset is evaluated for itself, which gives the numbers of MMPose's `CocoMetric` on a data
    set of just these keypoints: scores and suppression by the subset's keypoints alone, and the box's area for the
    predictions'. Figures of the two ways do not compare. A person whose feet are uncertain ranks low among the feet by
    `subset_scores`, and as the whole person does without; AP depends on that order, AR hardly. The area of a prediction
    matters in AP (M) and AP (L), where COCO's evaluator ignores unmatched predictions of another size: feet have a
    small extent, so that wrong ones do not lower their AP (L).

    Both are COCO's evaluator's numbers to the last bit. Labels and predictions are read once for all subsets, without
    files in between.

    The results are named `{subset}_AP`, `_AP .5`, `_AP .75`, `_AP (M)`, `_AP (L)` and likewise `_AR`, from 0 to 1, and
    -1 where there are no people to count. CrowdPose's measures are named as `CocoMetric` names them; they need images
    with `crowdIndex`, and count people without labelled keypoints too.

    Predictions may be of Halpe-26's or COCO's keypoints, SpineTrack's first ones, where the subsets need no others.

    Args:
        subsets: names out of `skeleton.SUBSETS`.
        subset_scores: whether each subset has scores, suppression and areas of its own, as said above.
        **kwargs: those of MMPose's `CocoMetric`, but for the converters and the file to write.

    Raises:
        ValueError: a subset or `iou_type` of another name, predictions that lack keypoints of the subsets or are for
            images that the data set lacks, or an annotation file that is not in COCO's format, has an id twice, or
            has a person without 37 keypoints, a box or an area.
    """

    default_prefix = 'spinetrack'

    def __init__(
        self,
        subsets: Sequence[str] = tuple(skeleton.SUBSETS),
        ann_file: str | os.PathLike[str] | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        subset_scores: bool = False,
        **kwargs: Any,
    ) -> None:
        unknown = set(subsets) - set(skeleton.SUBSETS)
        if unknown or not subsets:
            raise ValueError(
                f'SpineTrackMetric: subsets are out of {", ".join(skeleton.SUBSETS)}, but '
                f'{", ".join(sorted(unknown)) or "none"} was given'
            )
        unfit = {'pred_converter', 'gt_converter', 'outfile_prefix', 'format_only'} & kwargs.keys()
        if unfit:
            raise TypeError(f'SpineTrackMetric takes no {", ".join(sorted(unfit))}')
        super().__init__(collect_device=collect_device, prefix=prefix, **kwargs)
        self.ann_file = ann_file
        self._where = ann_file or 'the data set'  # in messages
        if ann_file is not None:
            with reading(ann_file, 'is not in COCO format'), get_local_path(ann_file) as path:
                self.coco = COCO(path)
        if self.iou_type not in _STATS:
            raise ValueError(f'SpineTrackMetric: iou_type is {" or ".join(_STATS)}, not {self.iou_type}')
        self.subsets = tuple(subsets)
        self.subset_scores = subset_scores

    @CocoMetric.dataset_meta.setter
    def dataset_meta(self, dataset_meta: dict[str, Any]) -> None:
        CocoMetric.dataset_meta.fset(self, dataset_meta)
        if self.coco:  # so that bad labels are reported before an epoch is trained
            with reading(self._where, 'is not in COCO format'):
                check_ids(self.coco.dataset, self._where)
                check_people(self.coco.anns.values(), self._where, self.use_area)

    def compute_metrics(self, results: list[tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, float]:
        least = min(
            count for count in skeleton.LAYOUTS if all(max(skeleton.SUBSETS[subset]) < count for subset in self.subsets)
        )
        for prediction, _ in results:
            count = prediction['keypoints'].shape[1]
            if count not in skeleton.LAYOUTS or count < least:
                raise ValueError(
                    f'SpineTrackMetric takes {least} keypoints a person for {", ".join(self.subsets)}, '
                    f'but the prediction for image {prediction["img_id"]} has {count}'
                )
        values = {}
        with contextlib.redirect_stdout(io.StringIO()):  # COCO's classes print their progress and tables
            ground_truth = self.coco or self._labels_of([gt for _, gt in results])
            pairs = itertools.product(sorted(ground_truth.getImgIds()), sorted(ground_truth.getCatIds()))
            groups = {pair: i for i, pair in enumerate(pairs)}
            people = read_labels(ground_truth, groups, self.use_area)
            predictions = self._predictions(ground_truth, groups, [prediction for prediction, _ in results])
            keep = cache(partial(self._keep, predictions))
            for subset in self.subsets:
                ids = skeleton.SUBSETS[subset]
                rows, scores = keep(ids if self.subset_scores else tuple(range(predictions.keypoints.shape[1])))
                evaluator = BatchedCOCOeval(
                    ground_truth,
                    groups,
                    self._labels(people, ids),
                    self._cut(predictions, ids, rows, scores),
                    self.dataset_meta['sigmas'][list(ids)],
                    self.iou_type,
                )
                evaluator.evaluate()
                evaluator.accumulate()
                evaluator.summarize()
                values.update(
                    {f'{subset}_{name}': float(value) for name, value in zip(_STATS[self.iou_type], evaluator.stats)}
                )
        return values

    def _labels_of(self, samples: Sequence[dict[str, Any]]) -> COCO:
        """Return the labels that came with the samples as a COCO object, as `gt_to_coco_json` writes them."""
        people = [person for sample in samples for person in sample['raw_ann_info'] if person is not None]
        check_people(people, self._where, self.use_area)
        images = {
            sample['img_id']: dict(id=sample['img_id'], crowdIndex=sample.get('crowd_index')) for sample in samples
        }
        ground_truth = COCO()
        ground_truth.dataset = dict(
            images=list(images.values()), categories=self.dataset_meta['CLASSES'], annotations=people
        )
        ground_truth.createIndex()
        return ground_truth

    def _labels(self, people: Labels, ids: Sequence[int]) -> Labels:
        """Return the Labels of a subset."""
        keypoints, ignored = people.keypoints.take(ids, axis=1), people.crowds
        if self.iou_type == 'keypoints':
            ignored = ignored | ~(keypoints[..., 2] > 0).any(1)
        return replace(people, keypoints=keypoints, ignored=ignored)

    def _predictions(self, ground_truth: COCO, groups: Groups, predictions: list[dict[str, Any]]) -> _Predictions:
        """Return the `_Predictions`, without those whose id another of the image has."""
        unknown = [prediction['img_id'] for prediction in predictions if prediction['img_id'] not in ground_truth.imgs]
        if unknown:
            raise ValueError(f'SpineTrackMetric: a prediction is for image {unknown[0]}, which {self._where} has not')
        # An empty array may be of another type, which would change how all others round.
        predictions = [prediction for prediction in predictions if len(prediction['keypoints'])] or predictions
        by_image, rows = defaultdict(list), itertools.count()
        for prediction in predictions:
            for _ in prediction['keypoints']:
                by_image[prediction['img_id']].append(dict(id=prediction['id'], row=next(rows)))
        images = list(self._sort_and_unique_bboxes(by_image).values())
        order = np.array([person['row'] for people in images for person in people], int)
        sizes = np.array([len(people) for people in images], int)

        def column(name: str) -> np.ndarray:
            return np.concatenate([one[name][: len(one['keypoints'])] for one in predictions])[order]

        has_boxes, has_areas = (all(name in one for one in predictions) for name in ('bbox', 'areas'))
        # MMPose's data sets have the category in an array without axes.
        group = [
            groups.get((prediction['img_id'], np.asarray(prediction['category_id']).item()), -1)
            for prediction in predictions
            for _ in prediction['keypoints']
        ]
        return _Predictions(
            column('keypoints'),
            column('keypoint_scores'),
            column('bbox_scores'),
            column('areas') if has_areas else None,
            column('bbox')[:, 2:].astype(float).prod(1) if has_boxes else None,
            np.array(group, int)[order],
            sizes.cumsum() - sizes,
            sizes,
        )

    def _keep(self, predictions: _Predictions, ids: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows of the people that are not suppressed by these keypoints, and their scores, both (M,)."""
        keypoints, keypoint_scores = (  # contiguous, since sums of others round differently
            column.take(ids, axis=1) for column in (predictions.keypoints, predictions.keypoint_scores)
        )
        scores = self._scores(keypoint_scores, predictions.box_scores)
        areas = predictions.areas if predictions.areas is not None else _extent(keypoints)
        rows = suppress(
            self.nms_mode,
            self.nms_thr,
            predictions.starts,
            predictions.sizes,
            keypoints,
            keypoint_scores,
            scores,
            areas,
            self.dataset_meta['sigmas'][list(ids)],
        )
        return rows, scores[rows].astype(float)

    def _cut(self, predictions: _Predictions, ids: Sequence[int], rows: np.ndarray, scores: np.ndarray) -> Predictions:
        """Return a subset's Predictions, without predictions that have no keypoint score in it or are not to count."""
        counts = (predictions.keypoint_scores[rows].take(ids, axis=1) > 0).any(1) & (predictions.groups[rows] >= 0)
        rows, scores = rows[counts], scores[counts]
        keypoints = predictions.keypoints[rows].take(ids, axis=1).astype(float)
        boxes = predictions.box_areas if self.subset_scores else None
        areas = _extent(keypoints) if boxes is None else boxes[rows]
        return Predictions(predictions.groups[rows], keypoints, scores, areas)

    def _scores(self, keypoint_scores: np.ndarray, box_scores: np.ndarray) -> np.ndarray:
        """Return people's scores by `score_mode`, (M,), rounded at each step as CocoMetric's are."""
        if self.score_mode == 'bbox':
            return box_scores
        if self.score_mode == 'keypoint':
            return keypoint_scores.mean(1)
        if self.score_mode == 'bbox_rle':
            return (box_scores + keypoint_scores.mean(1) + keypoint_scores.max(1)).astype(float)  # so there too
        good = keypoint_scores > self.keypoint_score_thr
        total = sum(np.where(good, keypoint_scores, 0).T)
        return box_scores * (total / np.maximum(good.sum(1), 1).astype(keypoint_scores.dtype))


def _extent(keypoints: np.ndarray) -> np.ndarray:
    """Return the areas of the boxes around keypoints (M, K, 2), (M,)."""
    return np.ptp(keypoints, axis=1).prod(1)
