"""Old name of `benchmark tracking`."""

import sys

from spinepose_mm.deprecated import run_tool

if __name__ == '__main__':
    run_tool(
        __file__, 'benchmark tracking', ['tracking', *(word.replace('--films', '--videos') for word in sys.argv[1:])]
    )
