from mmpose.models import TopdownPoseEstimator
from mmpose.registry import MODELS

from spinepose_mm.interop.checkpoints import CheckpointError


@MODELS.register_module()
class SpinePoseEstimator(TopdownPoseEstimator):
    """MMPose's `TopdownPoseEstimator` that takes no checkpoint of another number of keypoints.

    MMEngine only warns of weights whose shapes differ and goes on with random ones. The state dict is that of MMPose's
    class, so that checkpoints of either load into the other.

    Raises:
        CheckpointError: on loading a checkpoint whose last layer is for another number of keypoints.
    """

    def _load_state_dict_pre_hook(self, state_dict, prefix, local_meta, *args, **kwargs):
        super()._load_state_dict_pre_hook(state_dict, prefix, local_meta, *args, **kwargs)
        last = state_dict.get(prefix + 'head.final_layer.weight')
        if last is not None and len(last) != self.head.out_channels:
            file = local_meta.get('file', 'the checkpoint')
            raise CheckpointError(
                f'{file} predicts {len(last)} keypoints, and this model {self.head.out_channels}. To run or to resume '
                'it, use the config that it was trained with; to train this model from it, load its backbone: '
                "model.backbone.init_cfg=dict(type='Pretrained', prefix='backbone.', checkpoint=...)")
