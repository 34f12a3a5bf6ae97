"""Convert SIMSPINE to the annotation files that are trained on: its raw simspine.h5, or its data set on the hub.

    spinepose_mm convert_simspine simspine.h5 --out data/simspine/annotations
    spinepose_mm convert_simspine dfki-av/simspine --out data/simspine/annotations

From the raw file, they have the cameras too. The labels can be validated against an annotation file with some of the
same frames, such as SIMSPINE's own (--reference).
"""

import argparse
import sys
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('source', help='simspine.h5, or a data set for Hugging Face datasets: a name or a folder')
    parser.add_argument('--out', type=Path, required=True, help='folder for simspine_train.npz and simspine_test.npz')
    parser.add_argument('--reference', type=Path, help=".npz of SIMSPINE's layout with some of the same frames")
    args = parser.parse_args()
    from spinepose_mm.datasets.simspine.conversion import convert  # takes seconds
    from spinepose_mm.datasets.simspine.hub import convert_hub

    try:
        if Path(args.source).suffix in ('.h5', '.hdf5'):
            files = convert(args.source, args.out, args.reference, progress=True)
        elif args.reference:
            sys.exit('error: --reference is for simspine.h5')
        else:
            files = convert_hub(args.source, args.out, progress=True)
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print('\n'.join(map(str, files)))


if __name__ == '__main__':
    main()
