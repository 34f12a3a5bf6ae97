"""Benchmark of a training step with and without the teacher and the anatomical losses, beside MMPose's RTMPose.

A step is a forward and a backward pass, on the same synthetic people. Nothing is downloaded: all weights are random.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spinepose_mm.wording import counted

from .pairs import compare, table

if TYPE_CHECKING:
    import torch
    from mmengine.config import Config
    from mmpose.models.pose_estimators.base import BasePoseEstimator
    from mmpose.structures import PoseDataSample

_LOSSES = ('structure_loss', 'spine_loss')
#: What is left out of the whole method; without anything, a model is built of MMPose's own classes.
_VARIANTS = {
    'RTMPose (MMPose)': None,
    'plain': ('teacher', *_LOSSES),
    'losses': ('teacher',),
    'teacher': _LOSSES,
    'both': (),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--config', default='spinepose_v1_small.py', help='file of the whole method, or its name')
    parser.add_argument('--batch-size', type=int, default=16)
    parser.add_argument('--rounds', type=int, default=15, help='steps of each variant')
    parser.add_argument('--device', help='cpu or cuda; the GPU where there is one')
    parser.add_argument('--amp', action='store_true', help='mixed precision, as train --amp has it')


def run(args: argparse.Namespace) -> str:
    """Return the table of steps, with the memory that each needs.

    Memory is what the allocator had at its peak on a GPU, and on a CPU the tensors that a step keeps for the backward
    pass, with all weights.
    """
    import torch
    from mmengine.config import Config
    from mmengine.registry import init_default_scope

    from spinepose_mm.zoo.models import find_config

    device = args.device or ('cuda' if torch.cuda.is_available() else 'cpu')
    init_default_scope('mmpose')
    cfg = Config.fromfile(find_config(args.config)[0])
    inputs, samples = _batch(cfg, args.batch_size, device)
    loss = partial(_loss, inputs=inputs, samples=samples, amp=args.amp)
    with tempfile.TemporaryDirectory() as folder:
        models = {
            name: _build(cfg, left_out, Path(folder, 'teacher.pth')).to(device) for name, left_out in _VARIANTS.items()
        }
        for model in models.values():  # the teachers are loaded by the first step
            _step(model, loss)
    done = compare(
        counted(args.batch_size, 'person'),
        {name: partial(_step, model, loss) for name, model in models.items()},
        args.rounds,
    )
    share = _share_of_losses(models['losses'], loss, samples, args.rounds)
    for model in models.values():
        model.to('cpu')
    memory = {name: _peak(model, loss, device) for name, model in models.items()}
    least = next(iter(memory.values()))
    done.notes = {
        'MB': {name: f'{value / 1e6:.0f}' for name, value in memory.items()},
        'times the memory': {name: f'{value / least:.3f}' for name, value in memory.items()},
    }
    return (
        f'{args.config}, {device}{", mixed precision" * args.amp}\n\n{table([done], "step")}\n\n'
        f'The anatomical losses alone take {share:.2%} of a plain step.'
    )


def _build(cfg: Config, left_out: Sequence[str] | None, checkpoint: Path) -> BasePoseEstimator:
    """Build a variant of a config's model, with random weights; the teacher's pass through a file."""
    from mmengine.config import Config
    from mmengine.hub import get_config
    from mmengine.model import revert_sync_batchnorm
    from mmengine.runner import save_checkpoint
    from mmpose.registry import MODELS

    from spinepose_mm.zoo.models import find_config

    model = copy.deepcopy(cfg.model)
    model.init_cfg = None
    if left_out is None:
        model.type, model.head.type = 'TopdownPoseEstimator', 'RTMCCHead'
        for part in ('teacher', 'position_weight', 'calibration', *_LOSSES):
            (model if part == 'teacher' else model.head).pop(part, None)
        return revert_sync_batchnorm(MODELS.build(model)).train()
    for part in left_out:
        (model if part == 'teacher' else model.head)[part] = None
    if model.teacher:
        name = model.teacher.config
        teacher = get_config(name) if '::' in name else Config.fromfile(find_config(name)[0])
        save_checkpoint(dict(state_dict=MODELS.build(teacher.model).state_dict()), str(checkpoint))
        model.teacher.checkpoint = str(checkpoint)
    return revert_sync_batchnorm(MODELS.build(model)).train()


def _batch(cfg: Config, people: int, device: str) -> tuple[torch.Tensor, list[PoseDataSample]]:
    """Return noise for images, and samples of people at random points."""
    import torch
    from mmengine.structures import InstanceData
    from mmpose.registry import KEYPOINT_CODECS
    from mmpose.structures import PoseDataSample

    from spinepose_mm import skeleton

    codec, rng = KEYPOINT_CODECS.build(cfg.codec), np.random.default_rng(0)
    w, h = cfg.codec.input_size
    samples = []
    for _ in range(people):
        points = rng.uniform(5, (w - 5, h - 5), (1, skeleton.NUM_KEYPOINTS, 2)).astype(np.float32)
        labels = codec.encode(points)
        samples.append(
            PoseDataSample(
                gt_instance_labels=InstanceData(
                    **{
                        name: torch.from_numpy(labels[name])
                        for name in ('keypoint_x_labels', 'keypoint_y_labels', 'keypoint_weights')
                    }
                )
            ).to(device)
        )
    return torch.randn(people, 3, h, w, device=device), samples


def _loss(model: BasePoseEstimator, inputs: torch.Tensor, samples: list[PoseDataSample], amp: bool) -> torch.Tensor:
    import torch

    with torch.autocast(inputs.device.type, torch.float16, enabled=amp):  # bfloat16 has no accuracy in MMPose
        return sum(value for name, value in model.loss(inputs, samples).items() if 'loss' in name)


def _step(model: BasePoseEstimator, loss: partial[torch.Tensor]) -> None:
    loss(model).backward()
    model.zero_grad()
    _synchronize(loss)


def _synchronize(loss: partial[torch.Tensor]) -> None:
    if loss.keywords['inputs'].is_cuda:
        import torch

        torch.cuda.synchronize()


def _share_of_losses(
    model: BasePoseEstimator, loss: partial[torch.Tensor], samples: list[PoseDataSample], rounds: int
) -> float:
    """Return the time of the anatomical losses and their backward pass, as a part of a whole step without them."""
    head, ratios = model.head, []
    simcc = [axis.detach().requires_grad_() for axis in head(model.extract_feat(loss.keywords['inputs']))]
    parts = {name: getattr(head, name) for name in _LOSSES}

    def seconds(work: Callable[[], Any]) -> float:
        _synchronize(loss)
        start = time.perf_counter()
        work()
        _synchronize(loss)
        return time.perf_counter() - start

    def of_head() -> None:
        sum(value for name, value in head.simcc_loss(simcc, samples).items() if 'loss' in name).backward()

    for _ in range(rounds):
        longer = seconds(of_head)
        for name in _LOSSES:
            setattr(head, name, None)
        ratios.append((longer - seconds(of_head)) / seconds(partial(_step, model, loss)))
        for name, part in parts.items():
            setattr(head, name, part)
    return statistics.median(ratios)


def _peak(model: BasePoseEstimator, loss: partial[torch.Tensor], device: str) -> int:
    """Return the bytes that a step needs at its peak, of a model that is on the CPU."""
    import torch

    if torch.device(device).type == 'cuda':  # alone on the device
        model.to(device)
        torch.cuda.reset_peak_memory_stats()
        _step(model, loss)
        peak = torch.cuda.max_memory_allocated()
        model.to('cpu')
        return peak
    kept = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        total = loss(model)
    teacher = getattr(model, 'teacher', None)
    for network in [model] + ([teacher.network] if teacher else []):
        for tensor in network.state_dict().values():
            kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
    del total
    return sum(kept.values())
