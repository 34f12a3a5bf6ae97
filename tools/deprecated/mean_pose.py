"""Old name of `evaluate CONFIG=mean_pose`."""

import sys

from spinepose_mm.deprecated import run_tool

if __name__ == '__main__':
    words = sys.argv[1:]
    first = next((i for i, word in enumerate(words) if not word.startswith('-')), len(words))
    words[first : first + 1] = [f'{word}=mean_pose' for word in words[first : first + 1]]
    run_tool(__file__, 'evaluate CONFIG=mean_pose', words)
