"""Benchmark of importing this package and of its tools' --help, against MMPose's and others'."""

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from .pairs import compare, table

#: What each side imports; the first is what the others are compared with.
_IMPORTS = {
    'import, to train': {
        'MMPose': 'mmpose.datasets, mmpose.models, mmpose.evaluation, mmengine.runner',
        'this package, all registered': 'spinepose_mm',
        'this package, all imported': 'spinepose_mm.datasets, spinepose_mm.models, spinepose_mm.evaluation',
    },
    'import, to run inference': {
        'MMPose': 'mmpose.apis',
        'this package': 'spinepose_mm.inference',
        'rtmlib': 'rtmlib',
        'official library': 'spinepose',
    },
}
#: Tools whose --help is asked for: of MMPose, in its folder, and of this package.
_TOOLS = {'demo/inferencer_demo.py': ('infer',), 'tools/train.py': ('train',), 'tools/test.py': ('test', 'evaluate')}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--rounds', type=int, default=5, help='that are measured (5)')


def run(args: argparse.Namespace) -> str:
    """Return the table of starts, each of a fresh process.

    Raises:
        ValueError: what was started failed.
    """
    import mmpose

    from spinepose_mm.zoo.models import index_folder

    cases: dict[str, dict[str, list[str]]] = {}
    for name, sides in _IMPORTS.items():
        there = {side: modules for side, modules in sides.items() if importlib.util.find_spec(modules.split('.')[0])}
        cases[name] = {side: ['-c', f'import {modules}'] for side, modules in there.items()}
    for theirs, ours in _TOOLS.items():
        scripts = {
            f'MMPose, {Path(theirs).stem}': Path(mmpose.__file__).parent / '.mim' / theirs,
            **{f'this package, {name}': index_folder() / 'tools' / f'{name}.py' for name in ours},
        }
        cases[f'--help, {" and ".join(ours)}'] = {side: [str(path), '--help'] for side, path in scripts.items()}
    with tempfile.TemporaryDirectory() as folder:
        done = []
        for name, commands in cases.items():
            starts = {side: partial(_start, command, folder) for side, command in commands.items()}
            done.append(compare(name, starts, args.rounds))
    return f"Fresh processes, with Python's own start\n\n{table(done, 'start')}"


def _start(arguments: Sequence[str], folder: str | os.PathLike[str]) -> None:
    done = subprocess.run([sys.executable, '-W', 'ignore', *arguments], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise ValueError(f'{" ".join(arguments)} failed: {done.stderr.strip().splitlines()[-1]}')
