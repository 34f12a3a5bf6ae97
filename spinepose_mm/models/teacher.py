from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from mmengine.config import Config
from mmengine.hub import get_config
from mmpose.models.losses import KLDiscretLoss
from torch import nn

from spinepose_mm import skeleton
from spinepose_mm.zoo.models import find_config

from .weights import check_keypoints, keypoint_names, load_exactly, read_weights


class Teacher:
    r"""A trained network whose distributions a student learns, :math:`L_{distill}` of SpinePose (arXiv 2504.08110).

    It is no module and no part of the student: not in its state dict, parameters, checkpoints and modes, nor in its
    copies, such as running averages. It is loaded when it is first asked, so that a student that only predicts needs
    none.

    The loss is the KL divergence of the student's SimCC distributions from the teacher's, as RTMPose's own loss takes
    it from the labels': on the keypoints that both have by name, with the keypoint's weight, so that unlabelled
    keypoints are not learned from the teacher either.

    Args:
        preprocessor: the student's data preprocessor, to which the teacher's has to be equal.
        config: of the teacher: a path, a name of this package's configs, or MMPose's as 'mmpose::folder/name.py'.
        checkpoint: path or URL of its weights.
        loss_weight: the published weight by default.
        beta: factor of both logits before the softmax, RTMPose's by default.
        keypoints: names of the teacher's keypoints in their order, by default those of its checkpoint or config.
    """

    def __init__(
        self,
        preprocessor: nn.Module,
        config: str,
        checkpoint: str,
        loss_weight: float = 2.5,
        beta: float = 10.0,
        keypoints: Sequence[str] | None = None,
    ) -> None:
        self.preprocessor = preprocessor
        self.config = config
        self.checkpoint = checkpoint
        self.keypoints = keypoints
        self.loss_weight = loss_weight
        self.divergence = KLDiscretLoss(beta=beta, label_beta=beta, label_softmax=True)
        self.network: nn.Module | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Teacher:
        copied = copy.copy(self)
        copied.network = None
        return copied

    def apply(self, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        """Apply a function to all tensors, as `nn.Module._apply` does when a module is moved or cast."""
        if self.network is not None:
            self.network._apply(function)

    def loss(self, inputs: torch.Tensor, simcc: Sequence[torch.Tensor], weights: torch.Tensor) -> torch.Tensor:
        """Return the weighted loss of a batch, summed over the people and averaged over the shared keypoints.

        Args:
            inputs: normalised images, (N, 3, H, W).
            simcc: the student's logits along x and y, (N, 37, number of bins).
            weights: of the keypoints, (N, 37).

        Raises:
            CheckpointError: the checkpoint does not fit the config.
            ValueError: the teacher's input is of another size or otherwise normalised, or it shares no keypoint with
                the student.
        """
        if self.network is None:
            self.network = self._load(inputs, [axis.shape[-1] for axis in simcc])
        with torch.no_grad():
            target = self.network(inputs, None)
        return self.loss_weight * self.divergence(
            [axis[:, self.shared] for axis in simcc], [axis[:, self.rows] for axis in target], weights[:, self.shared]
        )

    def _load(self, inputs: torch.Tensor, bins: list[int]) -> nn.Module:
        """Return the teacher's network on the inputs' device, checked against the student, and note what both share."""
        from mmpose.apis import init_model  # with MMDetection and others that a training without a teacher needs not

        cfg = get_config(self.config) if '::' in self.config else Config.fromfile(find_config(self.config)[0])
        network = init_model(cfg, device='cpu')
        weights, names = read_weights(self.checkpoint)
        load_exactly(network, weights, self.checkpoint)
        names = self.keypoints or names or keypoint_names(network.dataset_meta)
        names = check_keypoints(names, network.head.out_channels, self.checkpoint)
        own_bins = [axis.out_features for axis in (network.head.cls_x, network.head.cls_y)]
        if own_bins != bins:
            raise ValueError(
                f'the teacher {self.config} has {own_bins[0]} x {own_bins[1]} bins where the student has '
                f'{bins[0]} x {bins[1]}: both need the same input size and split ratio'
            )
        for field in ('_channel_conversion', 'mean', 'std'):
            own, other = (getattr(part, field, None) for part in (self.preprocessor, network.data_preprocessor))
            if torch.is_tensor(own) and torch.is_tensor(other):
                own, other = own.flatten().tolist(), other.flatten().tolist()
            if own != other:
                raise ValueError(
                    f'the teacher {self.config} takes images of another {field.strip("_")} than the '
                    f'student: {other}, not {own}'
                )
        shared = [name for name in names if name in skeleton.NAMES]
        if not shared:
            raise ValueError(f'the teacher {self.config} and the student have no keypoint in common')
        self.shared = [skeleton.index(name) for name in shared]
        self.rows = [names.index(name) for name in shared]
        return network.requires_grad_(False).to(inputs)
