"""Several training or test processes on machines without a GPU.

MMEngine takes it for granted that each process of a distributed run has a CUDA device of its own.
"""

import sys

import torch
from mmengine.device import get_device
from mmengine.model import is_model_wrapper, revert_sync_batchnorm
from mmengine.runner import Runner

_stock_wrap_model = Runner.wrap_model


def install():
    """Let MMEngine's runner wrap a model that is on the CPU."""
    Runner.wrap_model = _wrap_model


def start_on_cpu(arguments=None):
    """Start a gloo process group where the arguments ask for torch's launcher and there is no GPU.

    MMEngine's own start selects a CUDA device first, and is left out where there is a process group already.

    Args:
        arguments: those of this process by default.
    """
    arguments = sys.argv if arguments is None else arguments
    asked = any(pair == ('--launcher', 'pytorch') for pair in zip(arguments, arguments[1:]))
    if (asked or '--launcher=pytorch' in arguments) and not torch.cuda.is_available():
        torch.distributed.init_process_group('gloo')


def _wrap_model(self, model_wrapper_cfg, model):
    if self.distributed and get_device() == 'cpu' and not is_model_wrapper(model):
        model = revert_sync_batchnorm(model)  # torch's synchronised batch normalisation is for GPUs only
        model_wrapper_cfg = {
            'type': 'MMDistributedDataParallel',
            'broadcast_buffers': False,
            'find_unused_parameters': self.cfg.get('find_unused_parameters', False),
            **(model_wrapper_cfg or {}),
            'device_ids': None,
        }
    return _stock_wrap_model(self, model_wrapper_cfg, model)
