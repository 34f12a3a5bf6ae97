"""Old name of docs/figures/measures.py, which is in the repository alone."""

import sys

if __name__ == '__main__':
    sys.exit('error: draw_measures is now docs/figures/measures.py in the repository, for its documents alone')
