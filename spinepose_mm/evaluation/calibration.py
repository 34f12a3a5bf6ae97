"""How well confidence says how often keypoints are right, and the two numbers that make it of scores."""

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from mmengine.config import Config
from mmengine.evaluator import BaseMetric
from mmengine.runner import Runner
from mmpose.registry import METRICS
from scipy.optimize import minimize

from spinepose_mm import skeleton
from spinepose_mm.confidence import RIGHT, Calibration, confidence, relative_scores
from spinepose_mm.zoo.models import find_config

_BINS = 10


class Keypoints(NamedTuple):
    """Labelled keypoints that a model predicted, in N people.

    Attributes:
        images: ids of the people's images, (N,).
        scores: as the model gives them, (N, K).
        confidence: as the model gives it, (N, K).
        labelled: which keypoints have a label, (N, K).
        right: which of these have an OKS of RIGHT or more, (N, K).
    """

    images: np.ndarray
    scores: np.ndarray
    confidence: np.ndarray
    labelled: np.ndarray
    right: np.ndarray


class Bin(NamedTuple):
    """Keypoints of about the same confidence: how many, their mean confidence, and the part of them that is right."""

    size: int
    confidence: float
    right: float


@METRICS.register_module()
class KeypointConfidence(BaseMetric):
    """Collect what a test predicts as `keypoints`, Keypoints, and return its expected calibration error as `ECE`.

    The data set is one of COCO's form, whose annotations have an `area`.

    Raises:
        ValueError: it is not, it has no people, or the head is none that gives a confidence.
    """

    default_prefix = 'confidence'

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        for sample in data_samples:
            prediction, labels = sample['pred_instances'], sample['gt_instances']
            if 'keypoint_confidence' not in prediction:
                raise ValueError('the head of this model gives no keypoint_confidence, as a SpinePoseHead does')
            if 'area' not in sample.get('raw_ann_info', {}):
                raise ValueError(
                    f"{sample.get('img_path')}: the test data have no `area` of their people, as COCO's "
                    'annotations do, which OKS goes by'
                )
            points, scores, sure, where, visible = (
                np.asarray(values)[0]
                for values in (
                    prediction['keypoints'],
                    prediction['keypoint_scores'],
                    prediction['keypoint_confidence'],
                    labels['keypoints'],
                    labels['keypoints_visible'],
                )
            )
            visible = visible.reshape(len(points), -1)[:, 0] > 0
            right = is_right(points, where, sample['raw_ann_info']['area'])
            self.results.append((sample['img_id'], scores, sure, visible, visible & right))

    def compute_metrics(self, results: list[tuple[Any, ...]]) -> dict[str, float]:
        if not results:
            raise ValueError('the test data have no people')
        self.keypoints = keypoints = Keypoints(*map(np.array, zip(*results)))
        valid = keypoints.labelled
        return dict(ECE=calibration_error(reliability(keypoints.confidence[valid], keypoints.right[valid])))


def is_right(points: np.ndarray, ground_truth: np.ndarray, area: float) -> np.ndarray:
    """Return which keypoints are where their OKS is RIGHT or more: exp(-d^2 / (2 area k^2)) with k = 2 sigma (COCO).

    Args:
        points, ground_truth: pixels, (K, 2), of the first K keypoints of the skeleton.
        area: of the person, squared pixels.
    """
    constants = 2 * np.array(skeleton.SIGMAS[: len(points)])
    distances = ((np.asarray(points) - ground_truth) ** 2).sum(-1)
    return np.exp(-distances / (2 * max(area, np.spacing(1)) * constants**2)) >= RIGHT


def fit(scores: np.ndarray, labelled: np.ndarray, right: np.ndarray) -> Calibration:
    """Return the Calibration of maximum likelihood: logistic regression of `right` on log(s k).

    Its targets are Platt's (Probabilistic outputs for support vector machines, 1999), which are not quite 0 and 1, so
    that there is a solution where no score is wrong either.

    Args:
        scores, labelled, right: as of Keypoints, (N, K).

    Raises:
        ValueError: all keypoints are right or all are wrong, or higher scores are not more often right.
    """
    counted = labelled & (scores > 0)
    x, y = np.log(relative_scores(np.where(counted, scores, 1))[counted]), right[counted]
    if not 0 < y.sum() < y.size:
        raise ValueError(
            f'of {y.size} labelled keypoints {y.sum()} are right: to fit confidence, there have to be '
            'right and wrong ones'
        )
    target = np.where(y, (y.sum() + 1) / (y.sum() + 2), 1 / ((~y).sum() + 2))
    middle = x.mean()  # so that the two numbers are searched for independently of each other

    def loss(numbers: np.ndarray) -> tuple[float, np.ndarray]:
        z = numbers[0] * (x - middle) + numbers[1]
        off = 1 / (1 + np.exp(-z)) - target
        return (np.logaddexp(0, z) - target * z).mean(), np.array([(off * (x - middle)).mean(), off.mean()])

    slope, offset = minimize(loss, [1.0, 0.0], jac=True, method='BFGS').x
    if not slope > 0:
        raise ValueError(
            'keypoints of higher scores are not more often right: these scores say nothing of how sure the model is'
        )
    return Calibration(float(slope), float(offset - slope * middle))


def reliability(confidence: np.ndarray, right: np.ndarray) -> list[Bin]:
    """Return the Bins of keypoints, of equal width from 0 to 1, empty ones with NaN.

    Args:
        confidence, right: of the keypoints, (N,).
    """
    place = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    chosen = [place == number for number in range(_BINS)]
    return [
        Bin(int(each.sum()), float(confidence[each].mean()), float(right[each].mean()))
        if each.any()
        else Bin(0, np.nan, np.nan)
        for each in chosen
    ]


def calibration_error(bins: Sequence[Bin]) -> float:
    """Return the expected calibration error: how far confidence is from the part that is right, over all keypoints."""
    return sum(each.size * abs(each.confidence - each.right) for each in bins if each.size) / max(
        sum(each.size for each in bins), 1
    )


def held_out(keypoints: Keypoints) -> np.ndarray:
    """Return the confidence of Keypoints, (N, K), each half of the images by the fit to the other half.

    Halves are the first and the last images by their ids, so that a video's neighbouring frames stay together.

    Raises:
        ValueError: as `fit`.
    """
    ids = np.unique(keypoints.images)
    first, values = np.isin(keypoints.images, ids[: len(ids) // 2]), np.zeros(keypoints.scores.shape)
    for chosen in (first, ~first):
        values[chosen] = confidence(
            keypoints.scores[chosen],
            fit(keypoints.scores[~chosen], keypoints.labelled[~chosen], keypoints.right[~chosen]),
        )
    return values


def collect(
    model: str | os.PathLike[str],
    weights: str | os.PathLike[str] | None = None,
    cfg_options: dict[str, Any] | None = None,
    work_dir: str | os.PathLike[str] = 'work_dirs/calibrate',
) -> Keypoints:
    """Return the Keypoints that a model predicts in its config's test data.

    Args:
        model: path or name of a config file, or a name or alias of the zoo.
        weights: path or URL of a checkpoint or ONNX file; the model's own by default.
        cfg_options: settings of the config to override, `{'a.b': value}`.
        work_dir: folder of the logs.

    Raises:
        FileNotFoundError, ValueError: there is no such model, weights or data, or they do not fit.
    """
    config, own = find_config(model)
    if not (weights or own):
        raise ValueError(f'{model} has no weights of its own; name them with --weights')
    cfg = Config.fromfile(config)
    cfg.merge_from_dict(cfg_options or {})
    cfg.test_evaluator = dict(type='KeypointConfidence')
    cfg.load_from, cfg.work_dir, cfg.launcher = str(weights or own), str(work_dir), 'none'
    runner = Runner.from_cfg(cfg)
    runner.test()
    return runner.test_evaluator.metrics[0].keypoints
