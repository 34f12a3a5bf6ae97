"""Several training or test processes on machines without a GPU.

MMEngine takes it for granted that each process of a distributed run has a CUDA device of its own.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.model import is_model_wrapper, revert_sync_batchnorm
from mmengine.runner import Runner

from .patch import MMENGINE, Change, patch


@patch(mmengine=MMENGINE)
def cpu_processes() -> Iterator[Change]:
    """MMEngine's runner wraps a model that is on the CPU."""
    yield Runner, 'wrap_model', _wrap_on_cpu


def start_on_cpu(arguments: Sequence[str] | None = None) -> None:
    """Start a gloo process group where the arguments ask for torch's launcher and there is no GPU.

    MMEngine's own start selects a CUDA device first, and is left out where there is a process group already.

    Args:
        arguments: those of this process by default.
    """
    arguments = sys.argv if arguments is None else arguments
    asked = any(pair == ('--launcher', 'pytorch') for pair in zip(arguments, arguments[1:]))
    if (asked or '--launcher=pytorch' in arguments) and not torch.cuda.is_available():
        torch.distributed.init_process_group('gloo')


def _wrap_on_cpu(stock: Callable[..., Any]) -> Callable[..., Any]:
    def wrap_model(self: Any, model_wrapper_cfg: dict[str, Any] | None, model: torch.nn.Module) -> torch.nn.Module:
        if self.distributed and get_device() == 'cpu' and not is_model_wrapper(model):
            model = revert_sync_batchnorm(model)  # torch's synchronised batch normalisation is for GPUs only
            model_wrapper_cfg = {
                'type': 'MMDistributedDataParallel',
                'broadcast_buffers': False,
                'find_unused_parameters': self.cfg.get('find_unused_parameters', False),
                **(model_wrapper_cfg or {}),
                'device_ids': None,
            }
        return stock(self, model_wrapper_cfg, model)

    return wrap_model
