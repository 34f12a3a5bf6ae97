from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from mmpose.models.heads import TemporalRegressionHead
from mmpose.registry import MODELS
from torch import nn

from spinepose_mm.models.losses.expected_error_loss import LOG_RANGE

if TYPE_CHECKING:
    from mmengine.structures import InstanceData
    from mmpose.structures import PoseDataSample


@MODELS.register_module()
class SpineUncertaintyHead(TemporalRegressionHead):
    """MMPose's head of a lifter that also predicts how far off each of its points will be.

    Predictions have `keypoint_errors` (1, K) beside `keypoints` (1, K, 3): the expected distance from the ground
    truth, in the unit of the keypoints.

    Args:
        in_channels, num_joints, decoder, init_cfg: as for MMPose's `TemporalRegressionHead`.
        loss: the loss's config, such as `dict(type='SpineExpectedErrorLoss')`.
    """

    def __init__(
        self,
        in_channels: int,
        num_joints: int,
        loss: dict[str, Any],
        decoder: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(in_channels, num_joints, loss, decoder, init_cfg)
        self.conv = nn.Conv1d(in_channels, num_joints * 4, 1)

    def forward(self, feats: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return points and the logarithm of the expected error of each, (B, K, 4).

        Args:
            feats: feature maps, of which the last is used, (B, C, 1).
        """
        return self.conv(feats[-1]).reshape(-1, self.num_joints, 4)

    def predict(
        self,
        feats: Sequence[torch.Tensor],
        batch_data_samples: list[PoseDataSample],
        test_cfg: dict[str, Any] | None = None,
    ) -> list[InstanceData]:
        """Return the predictions as InstanceData, each with `keypoints`, `keypoint_scores` and `keypoint_errors`."""
        output = self.forward(feats)
        roots = [torch.as_tensor(sample.metainfo.get('target_root', torch.empty(0))) for sample in batch_data_samples]
        predictions = self.decode((output[..., :3], torch.stack(roots)))
        for prediction, errors in zip(predictions, output[..., 3].clamp(*LOG_RANGE).exp().detach().cpu().numpy()):
            prediction.keypoint_errors = errors[None]
        return predictions

    def loss(
        self,
        inputs: Sequence[torch.Tensor],
        batch_data_samples: list[PoseDataSample],
        train_cfg: dict[str, Any] | None = None,
    ) -> dict[str, torch.Tensor]:
        """Return the loss, and the mean error as `mpjpe`, in the unit of the target."""
        output = self.forward(inputs)
        labels = [sample.gt_instance_labels for sample in batch_data_samples]
        target = torch.cat([label.lifting_target_label for label in labels])
        weight = torch.cat([label.lifting_target_weight for label in labels])
        off = (output[..., :3].detach() - target).norm(dim=-1)
        return dict(
            loss_pose3d=self.loss_module(output[..., :3], output[..., 3], target, weight),
            mpjpe=(off * weight).sum() / weight.sum().clamp(min=1),
        )
