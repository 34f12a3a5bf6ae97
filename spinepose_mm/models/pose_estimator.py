from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mmpose.models import TopdownPoseEstimator
from mmpose.registry import MODELS

from spinepose_mm.zoo.checkpoints import CheckpointError, check_finite, file_of

from .heads.spinepose_head import SpinePoseHead, gather
from .teacher import Teacher

if TYPE_CHECKING:
    import torch
    from mmpose.structures import PoseDataSample


@MODELS.register_module()
class SpinePoseEstimator(TopdownPoseEstimator):
    """MMPose's `TopdownPoseEstimator` with a teacher beside it, which takes no checkpoint of another model.

    The state dict is that of MMPose's class, so that checkpoints of either load into the other: the teacher is no part
    of it. MMEngine only warns of weights that have other names or shapes, and goes on with random ones; here they are
    refused.

    Args:
        teacher: arguments of `Teacher`, `config` and so on, for a student with a `SpinePoseHead`, or None.
        **kwargs: those of `TopdownPoseEstimator`.

    Raises:
        TypeError: there is a teacher, but the head is another.
        CheckpointError: on loading a checkpoint that is for another number of keypoints or of another size, or that
            lacks some of this model's weights, or has some that are NaN or infinite.
    """

    def __init__(self, *args: Any, teacher: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.teacher = Teacher(self.data_preprocessor, **teacher) if teacher else None
        if teacher and not isinstance(self.head, SpinePoseHead):
            raise TypeError(f'a teacher teaches a SpinePoseHead, but the head is a {type(self.head).__name__}')

    def loss(self, inputs: torch.Tensor, data_samples: list[PoseDataSample]) -> dict[str, torch.Tensor]:
        """Return the head's losses of a batch, and 'loss_distill' where there is a teacher.

        Args:
            inputs: normalised images, (N, 3, H, W).
            data_samples: N samples with their labels.
        """
        if self.teacher is None:
            return super().loss(inputs, data_samples)
        simcc = self.head(self.extract_feat(inputs))
        losses = self.head.simcc_loss(simcc, data_samples)
        losses['loss_distill'] = self.teacher.loss(inputs, simcc, gather(data_samples, 'keypoint_weights'))
        return losses

    def _apply(self, function: Callable[[torch.Tensor], torch.Tensor], *args: Any, **kwargs: Any) -> SpinePoseEstimator:
        if self.teacher:
            self.teacher.apply(function)
        return super()._apply(function, *args, **kwargs)

    def _load_state_dict_pre_hook(
        self, state_dict: dict[str, torch.Tensor], prefix: str, local_meta: dict[str, Any], *args: Any, **kwargs: Any
    ) -> None:
        super()._load_state_dict_pre_hook(state_dict, prefix, local_meta, *args, **kwargs)
        file = file_of(state_dict)
        last = state_dict.get(prefix + 'head.final_layer.weight')
        if last is not None and len(last) != self.head.out_channels:
            raise CheckpointError(
                f'{file} predicts {len(last)} keypoints, and this model {self.head.out_channels}. To run or to resume '
                'it, use the config that it was trained with; to train this model from it, expand its head: '
                "model.init_cfg=dict(type='SpineHeadExpansion', checkpoint=...)"
            )
        own = self.state_dict()
        missing = [name for name in own if prefix + name not in state_dict]
        if missing:
            raise CheckpointError(
                f'{file} lacks {len(missing)} of the {len(own)} weights of this model, such as '
                f'{missing[0]}; to start from a backbone alone, use model.backbone.init_cfg'
            )
        for name in own:
            if own[name].shape != state_dict[prefix + name].shape:
                raise CheckpointError(
                    f'{file} is for a model of another size: {name} has the shape '
                    f'{tuple(state_dict[prefix + name].shape)}, where this model has {tuple(own[name].shape)}'
                )
        check_finite({name: state_dict[prefix + name] for name in own}, file)
