"""Benchmark of writing an ONNX file and of running it, against PyTorch."""

import argparse
import tempfile
from functools import partial
from pathlib import Path

import numpy as np

from spinepose_mm.wording import counted

from .pairs import compare, table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--config', default='spinepose_v2_medium.py', help='file of the model, or its name')
    parser.add_argument('--people', type=int, nargs='+', default=[1, 8], help='in a batch (1 8)')
    parser.add_argument('--rounds', type=int, default=15, help='that are measured (15); a fifth of them, of exporting')


def run(args: argparse.Namespace) -> str:
    """Return the tables of exporting and of running networks with random weights."""
    import torch
    from mmengine.config import Config
    from mmengine.model import revert_sync_batchnorm
    from mmengine.registry import init_default_scope
    from mmengine.runner import save_checkpoint
    from mmpose.registry import MODELS

    from spinepose_mm.deployment.export import export_onnx
    from spinepose_mm.deployment.runtime import INPUT, OUTPUTS, open_session
    from spinepose_mm.zoo.models import find_config

    init_default_scope('mmpose')
    config = find_config(args.config)[0]
    cfg = Config.fromfile(config)
    cfg.model.update(init_cfg=None, teacher=None)
    network = revert_sync_batchnorm(MODELS.build(cfg.model)).eval()
    width, height = network.head.input_size
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        weights = str(Path(folder, 'weights.pth'))
        save_checkpoint(dict(state_dict=network.state_dict()), weights)
        files = {'full': Path(folder, 'full.onnx'), 'half': Path(folder, 'half.onnx')}
        written = compare(
            'export with its checks',
            {name: partial(export_onnx, config, weights, path, half=name == 'half') for name, path in files.items()},
            max(1, args.rounds // 5),
        )
        written.notes = {'MB': {name: f'{path.stat().st_size / 1e6:.1f}' for name, path in files.items()}}
        sessions, runs = {name: open_session(str(path)) for name, path in files.items()}, []
        for people in args.people:
            images = torch.from_numpy(
                np.random.default_rng(0).normal(size=(people, 3, height, width)).astype(np.float32)
            )
            sides = {'PyTorch': partial(network, images, None)}
            for name, session in sessions.items():
                sides[f'ONNX Runtime, {name}'] = partial(session.run, OUTPUTS, {INPUT: images.numpy()})
            runs.append(compare(counted(people, 'person'), sides, args.rounds, items=people))
    return f'{args.config}, CPU\n\n{table([written], "file")}\n\n{table(runs, "person")}'
