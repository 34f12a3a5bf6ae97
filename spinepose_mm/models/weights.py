"""The weights of another network's checkpoint, and the keypoints that it predicts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mmengine.runner import CheckpointLoader

from spinepose_mm import skeleton
from spinepose_mm.zoo.checkpoints import CheckpointError, check_finite, weights_of

if TYPE_CHECKING:
    import torch
    from torch import nn

LAST = 'head.final_layer.weight'


def read_weights(checkpoint: str) -> tuple[dict[str, torch.Tensor], Sequence[str] | None]:
    """Read a checkpoint on the CPU.

    Args:
        checkpoint: path or URL. The weights may stand below 'state_dict', 'model' or alone.

    Raises:
        CheckpointError: it has no weights, or some that are NaN or infinite.

    Returns:
        tuple: the weights by name, without the prefix of distributed training; and the names of the keypoints in the
        order of the last layer's rows, by the checkpoint's metadata or by their number (17: COCO's, 26:
        Halpe-26's, 37: SpineTrack's), else None.
    """
    content = CheckpointLoader.load_checkpoint(checkpoint, map_location='cpu')
    weights = {re.sub(r'^module\.', '', name): value for name, value in weights_of(content, checkpoint).items()}
    check_finite(weights, checkpoint)
    names = keypoint_names(content.get('meta', {}).get('dataset_meta') or {})
    rows = len(weights.get(LAST, ()))
    if names is None and rows in skeleton.LAYOUTS:
        names = skeleton.NAMES[:rows]
    return weights, names


def keypoint_names(dataset_meta: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the names of the keypoints of a parsed metainfo in their order, or None where it has none."""
    by_number = dataset_meta.get('keypoint_id2name')
    return tuple(by_number[i] for i in sorted(by_number)) if by_number else None


def check_keypoints(names: Sequence[str] | None, rows: int, where: str) -> Sequence[str]:
    """Return the names, or raise CheckpointError unless there is one for each of the rows of the last layer."""
    if names is None or len(set(names)) != rows:
        count = 'none' if names is None else len(set(names))
        raise CheckpointError(
            f'{where} predicts {rows} keypoints, but names of {count} are known; give them in their '
            'order as `keypoints`'
        )
    return names


def load_exactly(model: nn.Module, weights: Mapping[str, torch.Tensor], where: str) -> None:
    """Load weights into a model that has these and no others.

    Raises:
        CheckpointError: a weight is missing, left over or of another shape; nothing is loaded then.
    """
    own = model.state_dict()
    wrong = {
        'missing': own.keys() - weights.keys(),
        'not of this model': weights.keys() - own.keys(),
        'of another shape': {name for name in own.keys() & weights.keys() if own[name].shape != weights[name].shape},
    }
    if any(wrong.values()):
        raise CheckpointError(
            f'{where} does not fit the model: '
            + '; '.join(
                f'{len(names)} weights are {how}, among them {min(names)}' for how, names in wrong.items() if names
            )
        )
    model.load_state_dict(weights)
