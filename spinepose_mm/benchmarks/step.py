"""Compare what a training step costs with and without the teacher and the anatomical losses.

    mim run spinepose_mm benchmark_step spinepose_v1_small.py --batch-size 16

A step is a forward and a backward pass. All variants take theirs in turns on the same made-up people, so that what else
runs on the machine hits them alike. Nothing is downloaded: the teacher's weights are random. Memory is what the allocator
had at its peak on a GPU, and on a CPU the tensors that a step keeps for the backward pass, with all weights.
"""
import argparse
import copy
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import spinepose_mm  # noqa: F401  (registers the classes)
import torch
from mmengine.config import Config
from mmengine.hub import get_config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from mmengine.runner import save_checkpoint
from mmengine.structures import InstanceData
from mmengine.utils import ProgressBar
from mmpose.registry import KEYPOINT_CODECS, MODELS
from mmpose.structures import PoseDataSample
from spinepose_mm.interop.aliases import find_config

LOSSES = ('structure_loss', 'spine_loss')
VARIANTS = dict(plain=('teacher', *LOSSES), losses=('teacher', ), teacher=LOSSES, both=())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('config', help='file of the whole method, or its name')
    parser.add_argument('--batch-size', type=int, default=16)
    parser.add_argument('--steps', type=int, default=15, help='of each variant')
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    args = parser.parse_args()
    init_default_scope('mmpose')
    cfg = Config.fromfile(find_config(args.config)[0])
    inputs, samples = batch(cfg, args.batch_size, args.device)
    with tempfile.TemporaryDirectory() as folder:
        models = {name: build(cfg, left_out, Path(folder, 'teacher.pth')).to(args.device)
                  for name, left_out in VARIANTS.items()}
        for model in models.values():  # the teachers are loaded by the first step
            step(model, inputs, samples)
    times, progress = {name: [] for name in models}, ProgressBar(args.steps)
    for _ in range(args.steps):
        for name, model in models.items():
            times[name].append(step(model, inputs, samples))
        progress.update()
    for model in models.values():
        model.to('cpu')
    memory = {name: peak(model, inputs, samples) for name, model in models.items()}
    print(f'\n{args.config}, {args.batch_size} people a step, {args.steps} steps each, {args.device}, torch '
          f'{torch.__version__}, {torch.get_num_threads()} threads')
    print('| Variant | Step (s) | Ratio | Memory (MB) | Ratio |\n| --- | ---: | ---: | ---: | ---: |')
    for name in models:
        # The ratio of each round, since the machine's load changes from round to round.
        ratio = statistics.median(own / plain for own, plain in zip(times[name], times['plain']))
        print(f'| {name} | {statistics.median(times[name]):.4f} | {ratio:.3f} | {memory[name] / 1e6:.0f} | '
              f'{memory[name] / memory["plain"]:.3f} |')
    model = models['losses'].to(args.device)
    print(f'the anatomical losses alone: {losses_alone(model, inputs, samples):.2%} of a plain step')


def build(cfg, left_out, checkpoint):
    """Build a variant of a config's model, with random weights; the teacher's pass through a file."""
    model = copy.deepcopy(cfg.model)
    model.init_cfg = None
    for part in left_out:
        (model if part == 'teacher' else model.head)[part] = None
    if model.teacher:
        name = model.teacher.config
        teacher = get_config(name) if '::' in name else Config.fromfile(find_config(name)[0])
        save_checkpoint(dict(state_dict=MODELS.build(teacher.model).state_dict()), str(checkpoint))
        model.teacher.checkpoint = str(checkpoint)
    return revert_sync_batchnorm(MODELS.build(model)).train()


def batch(cfg, people, device):
    """Return noise for pictures, and samples of people at random points."""
    codec, rng = KEYPOINT_CODECS.build(cfg.codec), np.random.default_rng(0)
    w, h = cfg.codec.input_size
    samples = []
    for _ in range(people):
        labels = codec.encode(rng.uniform(5, (w - 5, h - 5), (1, 37, 2)).astype(np.float32))
        samples.append(PoseDataSample(gt_instance_labels=InstanceData(**{
            name: torch.from_numpy(labels[name])
            for name in ('keypoint_x_labels', 'keypoint_y_labels', 'keypoint_weights')})).to(device))
    return torch.randn(people, 3, h, w, device=device), samples


def step(model, inputs, samples):
    """Return the seconds that a forward and a backward pass take."""
    synchronize(inputs)
    start = time.perf_counter()
    loss(model, inputs, samples).backward()
    synchronize(inputs)
    model.zero_grad()
    return time.perf_counter() - start


def loss(model, inputs, samples):
    return sum(value for name, value in model.loss(inputs, samples).items() if 'loss' in name)


def synchronize(inputs):
    if inputs.is_cuda:
        torch.cuda.synchronize()


def losses_alone(model, inputs, samples, rounds=15):
    """Return the time of the anatomical losses and their backward pass, as a part of a whole step without them."""
    simcc = [axis.detach().requires_grad_() for axis in model.head(model.extract_feat(inputs))]
    head, ratios = model.head, []
    parts = {name: getattr(head, name) for name in LOSSES}

    def seconds():
        synchronize(inputs)
        start = time.perf_counter()
        losses = head.simcc_loss(simcc, samples)
        sum(value for name, value in losses.items() if 'loss' in name).backward()
        synchronize(inputs)
        return time.perf_counter() - start

    for _ in range(rounds):
        longer = seconds()
        for name in LOSSES:
            setattr(head, name, None)
        ratios.append((longer - seconds()) / step(model, inputs, samples))
        for name, part in parts.items():
            setattr(head, name, part)
    return statistics.median(ratios)


def peak(model, inputs, samples):
    """Return the bytes that a step needs at its peak."""
    if inputs.is_cuda:  # alone on the device
        model.to(inputs.device)
        torch.cuda.reset_peak_memory_stats()
        step(model, inputs, samples)
        found = torch.cuda.max_memory_allocated()
        model.to('cpu')
        return found
    kept = {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        total = loss(model, inputs, samples)
    networks = [model] + ([model.teacher.network] if model.teacher else [])
    for network in networks:
        for tensor in network.state_dict().values():
            kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
    del total
    return sum(kept.values())


if __name__ == '__main__':
    main()
