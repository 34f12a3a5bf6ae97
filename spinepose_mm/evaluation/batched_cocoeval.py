"""COCO's keypoint evaluator with all images' people compared and matched at once.

In the shapes, K is the number of keypoints; B that of images with as many people, D predicted and G labelled ones
each; A that of area ranges and T that of OKS thresholds.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from xtcocotools.cocoeval import COCOeval

from spinepose_mm import deprecated

if TYPE_CHECKING:
    from xtcocotools.coco import COCO

_PAIRS = 2**13  # how many pairs of people are compared at once, which bounds the memory


@dataclass
class Labels:
    """Labelled people.

    Attributes:
        groups: number of each one's image and category, (N,).
        keypoints: x and y in pixels and the visibility, (N, K, 3).
        boxes: x, y, width and height in pixels, (N, 4).
        areas: square pixels, (N,).
        crowds: whether it is a crowd, which any number of predictions match, (N,).
        ignored: whether it is left out, with the predictions that match it, (N,).
    """

    groups: np.ndarray
    keypoints: np.ndarray
    boxes: np.ndarray
    areas: np.ndarray
    crowds: np.ndarray
    ignored: np.ndarray


@dataclass
class Predictions:
    """Predicted people; of those with the same score in an image the first is matched first.

    Attributes:
        groups, areas: as of Labels, (M,).
        keypoints: x and y in pixels, (M, K, 2).
        scores: (M,).
    """

    groups: np.ndarray
    keypoints: np.ndarray
    scores: np.ndarray
    areas: np.ndarray


class BatchedCOCOeval(COCOeval):
    """xtcocotools' `COCOeval` of keypoints, with its numbers to the last bit, that matches all images at once.

    Its `accumulate` and `summarize` compute AP and AR from the matches of `evaluate` here.

    Args:
        ground_truth: COCO object of the images and categories.
        numbers: {(image id, category id): number of the group}, from 0 on.
        labels: a Labels.
        predictions: a Predictions.
        sigmas: OKS sigmas, (K,).
        iou_type: 'keypoints', or 'keypoints_crowd' for CrowdPose's measures.
    """

    @deprecated.arguments(truth='ground_truth', found='predictions')
    def __init__(
        self,
        ground_truth: COCO,
        numbers: Mapping[tuple[Any, Any], int],
        labels: Labels,
        predictions: Predictions,
        sigmas: np.ndarray,
        iou_type: str = 'keypoints',
    ) -> None:
        super().__init__(ground_truth, None, iou_type, sigmas)
        self.anno_file = ['', '']  # what COCOeval hands to `split`, which needs no file here
        self._numbers = numbers
        self._matches = self._match(labels, predictions)

    def evaluate(self) -> None:
        """Put the matches of `params.imgIds` where `accumulate` takes them from."""
        images, categories = sorted(set(self.params.imgIds)), self.params.catIds
        self.params.imgIds = images
        self.evalImgs = [
            self._matches[area][self._numbers[image, category]]
            for category in categories
            for area in range(len(self.params.areaRng))
            for image in images
        ]
        self._paramsEval = copy.deepcopy(self.params)

    def split(self, gt_file: str, first: float, second: float) -> tuple[list[Any], list[Any], list[Any]]:
        """Return the ids of CrowdPose's easy, medium and hard images; they are in memory, no file is read."""
        parts: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
        for image in self.cocoGt.dataset['images']:
            parts[(image['crowdIndex'] >= first) + (image['crowdIndex'] >= second)].append(image['id'])
        return parts

    def _match(self, labels: Labels, predictions: Predictions) -> list[list[dict[str, Any] | None]]:
        """Return COCOeval's record of each area range (outer list) and group (inner), None without people."""
        predicted_rows, predicted_counts = self._best(predictions)
        label_rows = np.argsort(labels.groups, kind='stable')
        label_counts = np.bincount(labels.groups, minlength=len(self._numbers))
        predicted_starts, label_starts = (counts.cumsum() - counts for counts in (predicted_counts, label_counts))
        matches: list[list[dict[str, Any] | None]] = [[None] * len(self._numbers) for _ in self.params.areaRng]
        shapes, which = np.unique(np.stack([predicted_counts, label_counts]), axis=1, return_inverse=True)
        for i, (d, g) in enumerate(shapes.T):
            if d == g == 0:
                continue
            groups = np.flatnonzero(which.ravel() == i)
            for some in batches(groups, d * g):
                those = predicted_rows[predicted_starts[some, None] + np.arange(d)]
                people = label_rows[label_starts[some, None] + np.arange(g)]
                self._record(matches, some, labels, people, predictions, those)
        return matches

    def _best(self, predictions: Predictions) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows of the best people of each group, best first, and how many each group has."""
        rows = np.lexsort([-predictions.scores, predictions.groups])
        groups = predictions.groups[rows]
        rank = np.arange(len(rows)) - np.searchsorted(groups, groups)
        rows = rows[rank < self.params.maxDets[-1]]
        return rows, np.bincount(predictions.groups[rows], minlength=len(self._numbers))

    def _record(
        self,
        matches: list[list[dict[str, Any] | None]],
        groups: np.ndarray,
        labels: Labels,
        people: np.ndarray,
        predictions: Predictions,
        those: np.ndarray,
    ) -> None:
        """Match predictions in rows `those` (B, D) to labelled people in rows `people` (B, G); keep the records."""
        low, high = np.array(self.params.areaRng).T[:, :, None, None]
        ignored = labels.ignored[people] | (labels.areas[people] < low) | (labels.areas[people] > high)
        outside = (predictions.areas[those] < low) | (predictions.areas[those] > high)
        scores = predictions.scores[those]
        values = oks(
            predictions.keypoints[those],
            labels.keypoints[people],
            labels.boxes[people],
            labels.areas[people],
            (self.sigmas * 2) ** 2,
        )
        matched, passed = match(values, ignored, labels.crowds[people], self.params.iouThrs)
        passed |= ~matched & outside[:, None]
        matched = matched.astype(int) - 1  # accumulate() asks only whether there is an id, that is 0 or more
        for area, records in enumerate(matches):
            for i, group in enumerate(groups.tolist()):
                records[group] = dict(
                    dtScores=scores[i],
                    dtMatches=matched[area, :, i],
                    dtIgnore=passed[area, :, i],
                    gtIgnore=ignored[area, i],
                )


def batches(images: np.ndarray, pairs: int) -> list[np.ndarray]:
    """Split an array of images of so many pairs of people into parts that can be compared at once."""
    return np.array_split(images, -(-len(images) * pairs // _PAIRS) or 1)


@deprecated.arguments(found='predicted')
def oks(
    predicted: np.ndarray, keypoints: np.ndarray, boxes: np.ndarray, areas: np.ndarray, variances: np.ndarray
) -> np.ndarray:
    """Return COCO's object keypoint similarity of predictions to labelled people, (B, D, G).

    A person without labelled keypoints is compared by how far keypoints are outside of the box that is three times as
    wide and high. The order of all operations is COCOeval's, so that the numbers are too, to the last bit.

    Args:
        predicted: (B, D, K, 2), pixels.
        keypoints, boxes, areas: as of Labels, (B, G, K, 3), (B, G, 4) and (B, G).
        variances: (2 sigma)², (K,).
    """
    offsets = predicted[:, :, None] - keypoints[:, None, ..., :2]
    visible = keypoints[..., 2] > 0
    b, g = np.nonzero(~visible.any(-1))
    corner, size = boxes[b, g, None, None, :2], boxes[b, g, None, None, 2:]
    offsets[b, :, g] = np.maximum(0, corner - size - predicted[b]) + np.maximum(0, predicted[b] - (corner + size * 2))
    visible[b, g] = True
    errors = offsets[..., 0] ** 2 + offsets[..., 1] ** 2
    errors = errors / variances / (areas + np.spacing(1))[:, None, :, None] / 2
    values, counts = np.empty(errors.shape[:-1]), visible.sum(-1)
    # Sums of the visible keypoints alone, as COCOeval's: people with as many are summed together, for equal rounding.
    for count in np.unique(counts):
        b, g = np.nonzero(counts == count)
        some = errors[b, :, g]
        some = some[np.broadcast_to(visible[b, None, g], some.shape)].reshape(*some.shape[:2], count)
        values[b, :, g] = np.exp(-some).sum(-1) / count
    return values


def match(
    values: np.ndarray, ignored: np.ndarray, crowds: np.ndarray, thresholds: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Match predictions, the best first, to the most similar labelled person that is left, as COCOeval does.

    A person that is not ignored goes before all that are, and the last goes before others that are as similar.

    Args:
        values: OKS, (B, D, G).
        ignored: (A, B, G).
        crowds: which can be matched any number of times, (B, G).
        thresholds: least OKS, (T,).

    Returns:
        tuple: whether each prediction has a match, and whether that is ignored, both (A, T, B, D).
    """
    (b, d, g), a, t = values.shape, len(ignored), len(thresholds)
    matched, passed = np.zeros((2, a, t, b, d), bool)
    free, counting = np.ones((a, t, b, g), bool), ~ignored[:, None]
    least = np.minimum(thresholds, 1 - 1e-10)[:, None, None]
    for i in range(d if g else 0):
        could = free & (values[:, i] >= least)
        counts = could & counting
        could = np.where(counts.any(-1, keepdims=True), counts, could)
        best = g - 1 - np.where(could, values[:, i], -1)[..., ::-1].argmax(-1)[..., None]
        taken = np.take_along_axis(could, best, -1)
        matched[..., i] = taken[..., 0]
        passed[..., i] = (taken & np.take_along_axis(np.broadcast_to(~counting, free.shape), best, -1))[..., 0]
        np.put_along_axis(free, best, ~taken & np.take_along_axis(free, best, -1), -1)
        free |= crowds
    return matched, passed


__getattr__ = deprecated.getter(__name__)
