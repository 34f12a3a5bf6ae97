"""Old name of `synthesize --labels-only`."""

import sys

from spinepose_mm.deprecated import run_tool

if __name__ == '__main__':
    words = sys.argv[1:]
    first = next((i for i, word in enumerate(words) if word.endswith('.npz')), len(words))
    words[first:first] = ['--out'] * (first < len(words))
    run_tool(__file__, 'synthesize --labels-only', ['--labels-only', *words])
