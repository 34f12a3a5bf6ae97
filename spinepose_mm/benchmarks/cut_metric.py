"""The authors' order of evaluation out of MMPose's and COCO's parts, for `benchmark evaluation` to compare with."""

from collections.abc import Sequence
from typing import Any

from mmengine.fileio import load
from mmpose.evaluation import CocoMetric
from xtcocotools.coco import COCO
from xtcocotools.cocoeval import COCOeval

from spinepose_mm import skeleton

_NAMES = 'AP', 'AP .5', 'AP .75', 'AP (M)', 'AP (L)', 'AR', 'AR .5', 'AR .75', 'AR (M)', 'AR (L)'


class CutCocoMetric(CocoMetric):
    """MMPose's metric whose people are cut into subsets once they are scored and suppressed, each for COCOeval.

    Results are named as those of SpineTrackMetric. It needs an annotation file.
    """

    default_prefix = 'spinetrack'

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._ground_truths = {subset: _cut_labels(self.coco, ids) for subset, ids in skeleton.SUBSETS.items()}

    def results2json(self, keypoints: dict[Any, list[dict[str, Any]]], outfile_prefix: str) -> None:
        for people in keypoints.values():
            for person in people:
                person.pop('bbox', None)
        super().results2json(keypoints, outfile_prefix)

    def _do_python_keypoint_eval(self, outfile_prefix: str) -> list[tuple[str, float]]:
        people, values = load(f'{outfile_prefix}.keypoints.json'), []
        for subset, ids in skeleton.SUBSETS.items():
            ground_truth = self._ground_truths[subset]
            predictions = ground_truth.loadRes(
                [dict(person, keypoints=_cut(person['keypoints'], ids)) for person in people]
            )
            sigmas = self.dataset_meta['sigmas'][list(ids)]
            evaluator = COCOeval(ground_truth, predictions, self.iou_type, sigmas, self.use_area)
            evaluator.evaluate()
            evaluator.accumulate()
            evaluator.summarize()
            values += [(f'{subset}_{name}', value) for name, value in zip(_NAMES, evaluator.stats)]
        return values


def _cut_labels(coco: COCO, ids: Sequence[int]) -> COCO:
    """Return the COCO object of these keypoints alone."""
    ground_truth = COCO()
    ground_truth.dataset = dict(
        coco.dataset,
        annotations=[dict(person, keypoints=_cut(person['keypoints'], ids)) for person in coco.dataset['annotations']],
    )
    ground_truth.createIndex()
    return ground_truth


def _cut(keypoints: Sequence[float], ids: Sequence[int]) -> list[float]:
    """Return the flat x, y and visibility or score of these keypoints."""
    return [value for i in ids for value in keypoints[3 * i : 3 * i + 3]]
