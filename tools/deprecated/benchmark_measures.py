"""Old name of `benchmark measures`."""

import sys

from spinepose_mm.deprecated import run_tool

if __name__ == '__main__':
    run_tool(__file__, 'benchmark measures', ['measures', *sys.argv[1:]])
