from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mmengine.dataset import Compose
from mmengine.hooks import Hook
from mmpose.registry import HOOKS

if TYPE_CHECKING:
    from mmengine.runner import Runner

#: What RTMPose's second stage leaves out, and what it changes (MMPose's configs, `train_pipeline_stage2`).
_LEFT_OUT = ('PhotometricDistortion',)
_CHANGED = dict(
    RandomBBoxTransform=dict(shift_factor=0.0),
    SpineBBoxTransform=dict(shift_factor=0.0),
    RandomCoarseDropout=dict(prob=0.5),
)


def second_stage(steps: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the pipeline of the second stage, a list of dicts, given that of the first."""
    return [dict(step, **_CHANGED.get(step['type'], {})) for step in steps if step['type'] not in _LEFT_OUT]


@HOOKS.register_module()
class SpineStage2Hook(Hook):
    """RTMPose's second stage: the last epochs see images without distorted colours and shifted boxes, half with holes.

    MMDetection's `PipelineSwitchHook`, which MMPose takes for that, needs a second pipeline in each config. This one
    derives it from the one that trains, so that a config with a pipeline of its own, such as another codec, keeps it.

    Args:
        epochs: how many epochs at the end of the training.

    Raises:
        ValueError: `epochs` is negative, or the training data set has no pipeline of its own.
    """

    def __init__(self, epochs: int = 1) -> None:
        if epochs < 0:
            raise ValueError(f'SpineStage2Hook: epochs is 0 or more, but {epochs} was given')
        self.epochs = epochs
        self._switched = False

    def before_train_epoch(self, runner: Runner) -> None:
        """Switch the pipeline of the training data once the second stage has come, also after `--resume`."""
        if self._switched or runner.epoch < runner.max_epochs - self.epochs:
            return
        steps = runner.cfg.train_dataloader.dataset.get('pipeline')
        loader = runner.train_dataloader
        if not steps or not hasattr(loader.dataset, 'pipeline'):
            raise ValueError('SpineStage2Hook: train_dataloader.dataset has no pipeline for the second stage to change')
        loader.dataset.pipeline = Compose(second_stage(steps))
        loader._iterator = None  # workers that persist have the old pipeline: the next epoch starts new ones
        self._switched = True
        runner.logger.info(f'Epoch {runner.epoch + 1}: the second stage of augmentation begins')
