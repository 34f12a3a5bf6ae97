"""Hand over to the scripts that MMPose ships."""
import runpy
import sys
from pathlib import Path

import mmpose
import torch


def run_mmpose_tool(name):
    """Run one of MMPose's tools in this process, as it would run with this process's arguments.

    Args:
        name: name of the script below MMPose's tools, such as 'train.py'.
    """
    if _option('--launcher') == 'pytorch' and not torch.cuda.is_available():
        # MMEngine's launcher selects a CUDA device first; it leaves alone a process group that is there already.
        torch.distributed.init_process_group('gloo')
    script = Path(mmpose.__file__).parent / '.mim' / 'tools' / name
    sys.argv[0] = str(script)
    runpy.run_path(str(script), run_name='__main__')


def _option(name):
    """Return the value of `--name value` or `--name=value` in this process's arguments, or None."""
    for argument, following in zip(sys.argv, sys.argv[1:] + [None]):
        if argument == name:
            return following
        if argument.startswith(name + '='):
            return argument.split('=', 1)[1]
    return None
