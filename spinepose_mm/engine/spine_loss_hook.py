from __future__ import annotations

from typing import TYPE_CHECKING

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmpose.registry import HOOKS

if TYPE_CHECKING:
    from mmengine.runner import Runner


@HOOKS.register_module()
class SpineLossHook(Hook):
    """Leave the head's `spine_loss` out until predictions have settled.

    Its points are peaks of distributions. While these still jump, its steps are not those of a spine, and it pulls the
    spine's keypoints to wherever the others are (docs/studies.md, "Readings of L_spine").

    Args:
        begin: part of the epochs after which the loss takes part, from 0 to 1.

    Raises:
        ValueError: `begin` is another number.
    """

    def __init__(self, begin: float = 0.5) -> None:
        if not 0 <= begin <= 1:
            raise ValueError(f'SpineLossHook: begin is a part of the epochs from 0 to 1, but {begin} was given')
        self.begin = begin
        self._held = None

    def before_train_epoch(self, runner: Runner) -> None:
        """Hold the loss back, or put it in its place again, also after `--resume`."""
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        early = runner.epoch < int(self.begin * runner.max_epochs)
        if early and getattr(model.head, 'spine_loss', None):  # other heads have none
            self._held, model.head.spine_loss = model.head.spine_loss, None
        elif not early and self._held is not None:
            model.head.spine_loss, self._held = self._held, None
            runner.logger.info(f'Epoch {runner.epoch + 1}: L_spine takes part from here on')
