"""Hand over to the scripts that MMPose ships."""

import runpy
import sys
from pathlib import Path

import mmpose

from . import distributed


def run_mmpose_script(name: str) -> None:
    """Run one of MMPose's scripts in this process, as it would run with this process's arguments.

    Args:
        name: path of the script below MMPose's own folder, such as 'tools/train.py'.
    """
    distributed.start_on_cpu()
    script = Path(mmpose.__file__).parent / '.mim' / name
    sys.argv[0] = str(script)
    runpy.run_path(str(script), run_name='__main__')
