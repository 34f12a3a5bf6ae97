"""Convert SIMSPINE's raw simspine.h5 to the annotation files that are trained on, with the cameras.

    mim run spinepose_mm convert_simspine simspine.h5 --out data/simspine/annotations

An annotation file with some of the same frames, such as SIMSPINE's own, shows how the markers' axes are turned.
"""
import argparse
import sys
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('file', type=Path, help='simspine.h5')
    parser.add_argument('--out', type=Path, required=True, help='folder for simspine_train.npz and simspine_test.npz')
    parser.add_argument('--reference', type=Path, help='.npz of SIMSPINE\'s layout with some of the same frames')
    args = parser.parse_args()
    from spinepose_mm.datasets.simspine_conversion import convert  # takes seconds
    try:
        files = convert(args.file, args.out, args.reference, progress=True)
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print('\n'.join(map(str, files)))


if __name__ == '__main__':
    main()
