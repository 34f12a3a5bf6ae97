from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from mmengine.logging import print_log
from mmpose.evaluation.functional import simcc_pck_accuracy
from mmpose.models.heads import RTMCCHead
from mmpose.registry import MODELS
from mmpose.utils.tensor_utils import to_numpy

from spinepose_mm import skeleton
from spinepose_mm.confidence import confidence, read_calibration
from spinepose_mm.models.losses import expected_coordinates

if TYPE_CHECKING:
    from mmengine.structures import InstanceData
    from mmpose.structures import PoseDataSample

#: How a keypoint's score is computed from the largest values along x and y: MMPose's way, and the official library's.
SCORES = ('min', 'mean')


@MODELS.register_module()
class SpinePoseHead(RTMCCHead):
    """RTMPose's head with SpinePose's anatomical losses beside its own; its state dict is that of `RTMCCHead`.

    All losses are sums over the people of the batch, as RTMPose's is, so that their ratio does not depend on its size.
    The geometric ones compare the means of the distributions that RTMPose's loss compares: the softmax of the logits
    and that of the labels. So they are zero where it is.

    Args:
        position_weight: weight of RTMPose's own loss, `loss`.
        structure_loss: config of a loss of (predicted points, ground truth, mask of labelled points), or None.
        spine_loss: the same.
        reach: how far from the peak of a distribution bins count for the points that the geometric losses compare, in
            the codec's sigmas; `inf` for the mean of the whole distribution.
        score: a keypoint's score, the 'min' or the 'mean' of the largest values along x and y.
        v1_postprocess: whether the spine's inner points are averaged, `average_neighbours`, as the official library
            does it with the v1 models.
        calibration: dict of the `slope` and the `offset` by which scores become `keypoint_confidence`, fitted for the
            weights; None for the usual ones, which are fitted for no model. See `spinepose_mm.confidence`.
        **kwargs: those of `RTMCCHead`; `loss` is a `KLDiscretLoss` with `label_softmax=True`.

    Raises:
        ValueError: `loss` is another, `score` is neither, `calibration` is none, or the model to be averaged or
            calibrated has other keypoints.
    """

    def __init__(
        self,
        *args: Any,
        position_weight: float = 1.0,
        structure_loss: dict[str, Any] | None = None,
        spine_loss: dict[str, Any] | None = None,
        reach: float = 2.0,
        score: str = 'min',
        v1_postprocess: bool = False,
        calibration: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if score not in SCORES:
            raise ValueError(f'SpinePoseHead: score is out of {", ".join(SCORES)}, but {score!r} was given')
        if v1_postprocess and self.out_channels != skeleton.NUM_KEYPOINTS:
            raise ValueError(
                f'SpinePoseHead: v1_postprocess is for models of {skeleton.NUM_KEYPOINTS} keypoints, but '
                f'this one has {self.out_channels}'
            )
        if calibration and self.out_channels not in skeleton.LAYOUTS:
            raise ValueError(
                f'SpinePoseHead: calibration is for models of {", ".join(map(str, skeleton.LAYOUTS))} '
                f'keypoints, but this one has {self.out_channels}'
            )
        self.score, self.v1_postprocess = score, v1_postprocess
        self.calibration, self._has_warned = read_calibration(calibration, 'SpinePoseHead'), False
        self.position_weight = position_weight
        self.reach = tuple(reach * float(sigma) for sigma in self.decoder.sigma)
        self.structure_loss = structure_loss and MODELS.build(structure_loss)
        self.spine_loss = spine_loss and MODELS.build(spine_loss)
        if not getattr(self.loss_module, 'label_softmax', False):
            raise ValueError(
                f'SpinePoseHead: loss is a KLDiscretLoss with label_softmax=True, but {kwargs.get("loss")} was given'
            )

    def predict(
        self, feats: Any, batch_data_samples: list[PoseDataSample], test_cfg: dict[str, Any] | None = None
    ) -> Any:
        """Return the predictions as InstanceData, as `RTMCCHead` does.

        Args:
            feats: features of the images, or with `flip_test` a list of these and of the mirror images'.
            batch_data_samples: N samples.
            test_cfg: beside MMPose's settings `score` and `v1_postprocess`, in place of the head's own.
        """
        test_cfg = test_cfg or {}
        own = {name: test_cfg[name] for name in ('score', 'v1_postprocess') if test_cfg.get(name) is not None}
        head = self
        if own:  # MMPose's `predict` hands no settings on to `decode`; a copy shares the weights, and is of this call
            head = copy(self)
            for name, value in own.items():
                setattr(head, name, value)
        return RTMCCHead.predict(head, feats, batch_data_samples, test_cfg)

    def decode(self, batch_outputs: Sequence[torch.Tensor]) -> list[InstanceData]:
        """Return the keypoints, their `keypoint_scores` and their `keypoint_confidence` as InstanceData.

        Args:
            batch_outputs: logits along x and y, of several runs their mean, (N, K, W * split ratio) and
                (N, K, H * split ratio).
        """
        predictions = super().decode(batch_outputs)
        for one in predictions:  # of MMPose's scores, whichever are given
            one.keypoint_confidence = confidence(one.keypoint_scores, self.calibration).astype(np.float32)
        if self.score == 'mean':
            x, y = map(to_numpy, batch_outputs)
            peaks = np.stack([x.max(-1), y.max(-1)], axis=-1)
            places = np.stack([x.argmax(-1), y.argmax(-1)], axis=-1) / self.simcc_split_ratio
            for one, peak, place in zip(predictions, peaks, places):
                one.keypoint_scores = peak.mean(-1)[None]
                # MMPose gives no place to a keypoint whose smaller value is not over 0.
                has_place = (peak.mean(-1) > 0) & (peak.min(-1) <= 0)
                one.keypoints[0, has_place] = place[has_place]
        if self.v1_postprocess:
            for one in predictions:
                one.keypoints = average_neighbours(one.keypoints)
        return predictions

    def loss(
        self,
        feats: Sequence[torch.Tensor],
        batch_data_samples: list[PoseDataSample],
        train_cfg: dict[str, Any] | None = None,
    ) -> dict[str, torch.Tensor]:
        """Return the losses of a batch, given the features of its images."""
        return self.simcc_loss(self.forward(feats), batch_data_samples)

    def simcc_loss(
        self, simcc: Sequence[torch.Tensor], batch_data_samples: list[PoseDataSample]
    ) -> dict[str, torch.Tensor]:
        """Return the losses of a batch.

        Args:
            simcc: logits along x and y, (N, K, W * split ratio) and (N, K, H * split ratio).
            batch_data_samples: N samples with the labels of `SimCCLabel`.

        Returns:
            dict: 'loss_kpt', 'loss_structure' and 'loss_spine', each weighted, as far as they are configured, and the
            PCK at 5% of the input as 'acc_pose'.
        """
        self._warn_of_calibration()
        simcc = tuple(axis.float() for axis in simcc)  # MMPose's accuracy takes no bfloat16
        labels = tuple(gather(batch_data_samples, f'keypoint_{axis}_labels') for axis in 'xy')
        weights = gather(batch_data_samples, 'keypoint_weights')
        losses = dict(loss_kpt=self.position_weight * self.loss_module(simcc, labels, weights))
        losses.update(self._anatomical_losses(simcc, labels, weights > 0))
        _, accuracy, _ = simcc_pck_accuracy(
            to_numpy(simcc), to_numpy(labels), self.simcc_split_ratio, to_numpy(weights) > 0
        )
        losses['acc_pose'] = weights.new_tensor(accuracy)
        return losses

    def _warn_of_calibration(self) -> None:
        """Warn, once, that training makes other weights than those that the calibration was fitted for."""
        if self.calibration and not self._has_warned:
            self._has_warned = True
            print_log(
                'model.head.calibration was fitted for other weights than those that are trained here: fit it '
                'anew for these (the tool calibrate), or set it to None',
                'current',
                logging.WARNING,
            )

    def _anatomical_losses(
        self, simcc: Sequence[torch.Tensor], labels: Sequence[torch.Tensor], valid: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        configured = {
            f'loss_{name}': loss
            for name, loss in (('structure', self.structure_loss), ('spine', self.spine_loss))
            if loss
        }
        if not configured:  # the coordinates take time
            return {}
        kl = self.loss_module
        # Half precision does not resolve neighbouring bins.
        with torch.autocast(simcc[0].device.type, enabled=False):
            pred = self._points(logits * kl.beta for logits in simcc)
            target = self._points(axis * kl.label_beta for axis in labels)
            return {name: loss(pred, target, valid) for name, loss in configured.items()}

    def _points(self, simcc: Iterable[torch.Tensor]) -> torch.Tensor:
        return expected_coordinates([axis.softmax(-1) for axis in simcc], self.simcc_split_ratio, self.reach)


def average_neighbours(points: np.ndarray) -> np.ndarray:
    """Return keypoints with each inner point of the spine in the middle of its neighbours.

    From S1 upward, so that the neighbour below has been moved before; S1 and C1 stay. So a point becomes 1/2 of the one
    above, 1/4 of itself, 1/8 of the one below, and so on.

    Args:
        points: (..., 37, D).
    """
    points, upward = points.copy(), skeleton.SUBSETS['spine'][::-1]
    for below, inner, above in zip(upward, upward[1:], upward[2:]):
        points[..., inner, :] = (points[..., below, :] + points[..., above, :]) / 2
    return points


def gather(batch_data_samples: list[PoseDataSample], label: str) -> torch.Tensor:
    """Return one of the labels of all samples, (N, K) or (N, K, number of bins)."""
    return torch.cat([sample.gt_instance_labels[label] for sample in batch_data_samples])
