"""Hand over to the scripts that MMPose ships."""
import runpy
import sys
from pathlib import Path

import mmpose

from . import distributed


def run_mmpose_tool(name):
    """Run one of MMPose's tools in this process, as it would run with this process's arguments.

    Args:
        name: name of the script below MMPose's tools, such as 'train.py'.
    """
    distributed.start_on_cpu()
    script = Path(mmpose.__file__).parent / '.mim' / 'tools' / name
    sys.argv[0] = str(script)
    runpy.run_path(str(script), run_name='__main__')
