"""The real tools as subprocesses, called through mim, and what they print."""

import os
import re
import subprocess
import sys

import torch
from mmengine.config import Config
from mmengine.hub import get_config
from mmpose.registry import MODELS

import builders
from hub import put_into_cache

MIM = [sys.executable, '-W', 'ignore', '-m', 'mim']
QUICK = [
    'train_cfg.max_epochs=1',
    'train_cfg.val_interval=1',
    'train_dataloader.batch_size=8',
    'train_dataloader.num_workers=0',
    'train_dataloader.persistent_workers=False',
    'val_dataloader.num_workers=0',
    'val_dataloader.persistent_workers=False',
    'test_dataloader.num_workers=0',
    'test_dataloader.persistent_workers=False',
    'default_hooks.logger.interval=1',
]


def environment(data, **variables):
    return {**os.environ, 'SPINETRACK_ROOT': str(data), 'OMP_NUM_THREADS': '1', 'PYTHONWARNINGS': 'ignore', **variables}


def mim(*args, data, cwd, options=(), **variables):
    """Run mim and return the process, with all its output in `stdout`."""
    command = [*MIM, *map(str, args)] + (['--cfg-options', *map(str, options)] if options else [])
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment(data, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )


def mim_twofold(*args, **kwargs):
    """Run mim with two processes on the CPU.

    On a busy machine two of some forty such runs ended at once, for a reason that was not caught and that did not come
    again; so a failing run is repeated once, and what the first one said is printed.
    """
    for _ in range(2):
        done = mim(*args, '--launcher', 'pytorch', '--gpus', 2, GLOO_SOCKET_IFNAME='lo', **kwargs)
        if done.returncode == 0:
            break
        print(errors(done.stdout))
    return done


def errors(output):
    """Return the lines of a failed tool's output with the reason, which may be far from its end."""
    return '\n'.join([line for line in output.splitlines() if 'Error' in line] + [output[-1500:]])


def metrics(output):
    """Return {name: value} of the last evaluation that MMEngine logged."""
    line = [line for line in output.splitlines() if re.search(r'Epoch\((val|test)\).*_AP', line)][-1]
    return {name: float(value) for name, value in re.findall(r'(\w+/[\w. ()]+): (-?[\d.]+)', line)}


def terms(output):
    """Return {loss: [value of each step]} of a training's output."""
    found = re.findall(r'(loss_\w+): ([-\d.a-z]+)', output)
    return {name: [float(value) for key, value in found if key == name] for name, _ in found}


def cache_teacher(config, home):
    """Put a random network of MMPose's into the download cache, as the teacher that a recipe would download."""
    cfg = Config.fromfile(builders.config(config))
    network = get_config(cfg.model.teacher.config).model
    network.backbone.norm_cfg.type = 'BN'
    weights = MODELS.build(network).state_dict()
    put_into_cache(cfg.model.teacher.checkpoint, home, lambda path: torch.save(dict(state_dict=weights), path))
    return cfg
