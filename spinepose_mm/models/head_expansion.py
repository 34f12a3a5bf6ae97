from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from mmengine.logging import print_log
from mmengine.model import update_init_info
from mmengine.registry import WEIGHT_INITIALIZERS

from spinepose_mm import deprecated, skeleton
from spinepose_mm.zoo.checkpoints import CheckpointError

from .weights import LAST, check_keypoints, load_exactly, read_weights

if TYPE_CHECKING:
    from torch import nn


@WEIGHT_INITIALIZERS.register_module()
class SpineHeadExpansion:
    """Initialise a network of SpineTrack's keypoints from a checkpoint with fewer, such as COCO's or Halpe-26's ones.

    The rows of the layers that have one row a keypoint are matched by the keypoint's name. Keypoints that the
    checkpoint lacks get rows drawn from a normal distribution with the mean and the standard deviation of the loaded
    ones (SpinePose, arXiv 2504.08110, section 3). Everything else is loaded as it is.

    It goes where MMEngine's `Pretrained` goes, `init_cfg` of the whole model:

        model = dict(init_cfg=dict(type='SpineHeadExpansion', checkpoint='rtmpose-s_...halpe26....pth'))

    Args:
        checkpoint: path or URL.
        keypoints: names of the checkpoint's keypoints in their order; by default those of its metadata or of the
            layout with their number.

    Raises:
        CheckpointError: it has no such names, a keypoint that SpineTrack lacks, weights that do not fit the network,
            or none for some of it.
    """

    def __init__(self, checkpoint: str, keypoints: Sequence[str] | None = None) -> None:
        self.checkpoint = checkpoint
        self.keypoints = keypoints

    def __call__(self, module: nn.Module) -> None:
        weights, names = read_weights(self.checkpoint)
        if LAST not in weights:
            raise CheckpointError(f'{self.checkpoint} has no {LAST}, so that its keypoints are unknown')
        names = check_keypoints(self.keypoints or names, len(weights[LAST]), self.checkpoint)
        unknown = set(names) - set(skeleton.NAMES)
        if unknown:
            raise CheckpointError(f'{self.checkpoint} predicts {min(unknown)}, which is no keypoint of SpineTrack')
        own = module.state_dict()
        expanded = {
            name: grow(value, names) if self._has_keypoints(value, own.get(name), names) else value
            for name, value in weights.items()
        }
        load_exactly(module, expanded, self.checkpoint)
        print_log(
            f'loaded {self.checkpoint}; {len(skeleton.NAMES) - len(names)} of {len(skeleton.NAMES)} keypoints are new',
            'current',
        )
        if hasattr(module, '_params_init_info'):
            update_init_info(module, init_info=f'{type(self).__name__}: load from {self.checkpoint}')
        # MMEngine runs every initialiser but its own `Pretrained` before those of the parts, which would undo this one.
        for part in module.modules():
            part.is_init = True  # type: ignore[assignment]  # torch's stubs take no plain attributes

    @staticmethod
    def _has_keypoints(value: torch.Tensor, own: torch.Tensor | None, names: Sequence[str]) -> bool:
        """Return whether a weight has a row for each of the checkpoint's keypoints, and the network's one for all."""
        return (
            own is not None
            and value.shape[1:] == own.shape[1:]
            and value.shape[:1] == (len(names),)
            and own.shape[:1] == (skeleton.NUM_KEYPOINTS,)
        )


deprecated.register(WEIGHT_INITIALIZERS, 'SpineGrowth', SpineHeadExpansion)


def grow(rows: torch.Tensor, names: Sequence[str]) -> torch.Tensor:
    """Return the rows of SpineTrack's keypoints, given those of some of them.

    Args:
        rows: (number of names, ...).
        names: keypoint that each is of.

    Returns:
        Tensor: (37, ...). What is not among the names is drawn from a normal distribution with the mean and the
        standard deviation of all values of the rows.
    """
    expanded = torch.empty(skeleton.NUM_KEYPOINTS, *rows.shape[1:], dtype=rows.dtype)
    expanded.normal_(rows.mean().item(), rows.std().item())
    expanded[[skeleton.index(name) for name in names]] = rows
    return expanded
