from __future__ import annotations

from typing import Any

from mmengine.optim import LinearLR
from mmpose.registry import PARAM_SCHEDULERS


@PARAM_SCHEDULERS.register_module()
class SpineWarmUpLR(LinearLR):
    """MMEngine's warm-up in steps, which ends after a number of epochs where that is earlier.

    Of a small data set an epoch is a few steps, and a training may be over before a warm-up of a hundred is.

        dict(type='SpineWarmUpLR', start_factor=1e-3, end=100, epochs=1, convert_to_iter_based=True)

    Args of a config, beside LinearLR's:
        end: steps after which it ends.
        epochs: after which it ends at the latest, such as a tenth of all; parts of one are taken too. At least 2 steps.
        convert_to_iter_based: True, so that MMEngine passes the number of steps of an epoch.
    """

    @classmethod
    def build_iter_from_epoch(
        cls, *args: Any, end: int, epochs: float, epoch_length: int, by_epoch: bool = True, **kwargs: Any
    ) -> SpineWarmUpLR:
        """Return the scheduler for epochs of `epoch_length` steps."""
        # Of a single step, LinearLR would leave the learning rate at its start.
        return cls(*args, end=min(end, max(2, int(epochs * epoch_length))), by_epoch=False, **kwargs)
