"""Old name of `benchmark world`."""

import sys

from spinepose_mm.deprecated import run_tool

if __name__ == '__main__':
    run_tool(__file__, 'benchmark world', ['world', *sys.argv[1:]])
