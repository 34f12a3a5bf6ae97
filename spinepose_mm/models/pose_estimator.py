from mmpose.models import TopdownPoseEstimator
from mmpose.registry import MODELS

from spinepose_mm.interop.checkpoints import CheckpointError


@MODELS.register_module()
class SpinePoseEstimator(TopdownPoseEstimator):
    """MMPose's `TopdownPoseEstimator` that takes no checkpoint of another model.

    MMEngine only warns of weights that have other names or shapes, and goes on with random ones. The state dict is that
    of MMPose's class, so that checkpoints of either load into the other.

    Raises:
        CheckpointError: on loading a checkpoint that is for another number of keypoints or of another size, or that has
            none of this model's weights.
    """

    def _load_state_dict_pre_hook(self, state_dict, prefix, local_meta, *args, **kwargs):
        super()._load_state_dict_pre_hook(state_dict, prefix, local_meta, *args, **kwargs)
        file = local_meta.get('file', 'the checkpoint')
        last = state_dict.get(prefix + 'head.final_layer.weight')
        if last is not None and len(last) != self.head.out_channels:
            raise CheckpointError(
                f'{file} predicts {len(last)} keypoints, and this model {self.head.out_channels}. To run or to resume '
                'it, use the config that it was trained with; to train this model from it, load its backbone: '
                "model.backbone.init_cfg=dict(type='Pretrained', prefix='backbone.', checkpoint=...)")
        own = self.state_dict()
        shared = [name for name in own if prefix + name in state_dict]
        if not shared:
            raise CheckpointError(f'{file} has none of the weights of this model, such as {next(iter(own))}')
        for name in shared:
            if own[name].shape != state_dict[prefix + name].shape:
                raise CheckpointError(
                    f'{file} is for a model of another size: {name} has the shape '
                    f'{tuple(state_dict[prefix + name].shape)}, where this model has {tuple(own[name].shape)}')
