"""Triangulate the detected keypoints of several calibrated views: compare them with the ground truth in 3D.

spinepose_mm detect_keypoints annotations/simspine_test.npz --images images --out detected_test.npz
spinepose_mm evaluate_views annotations/simspine_test.npz detected_test.npz
"""

import argparse
import sys
import warnings
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('annotations', type=Path, help=".npz of SIMSPINE's layout and names")
    parser.add_argument('detections', type=Path, help='.npz of detected keypoints, from detect_keypoints')
    parser.add_argument('--min-score', type=float, default=0.3, help='score threshold of a keypoint (0.3)')
    parser.add_argument('--least-score', type=float, help=argparse.SUPPRESS)
    parser.add_argument('--threshold', type=float, default=15.0, help='pixels up to which views agree (15)')
    args = parser.parse_args()
    if args.least_score is not None:
        warnings.warn('--least-score is now --min-score', DeprecationWarning, stacklevel=2)
        args.min_score = args.least_score
    from spinepose_mm.evaluation.multiview import SUBSETS, evaluate_views  # takes seconds

    try:
        values = evaluate_views(args.annotations, args.detections, args.min_score, args.threshold, progress=True)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(f'{values["frames"]} frames, reprojection error {_number(values["reprojection_error"])} px\n')
    print('| Keypoints | MPJPE (mm) | P-MPJPE (mm) | found |\n| --- | ---: | ---: | ---: |')
    for subset in SUBSETS:
        print(
            f'| {subset} | {_number(values[f"{subset}_MPJPE"])} | {_number(values[f"{subset}_P-MPJPE"])} | '
            f'{100 * values[f"{subset}_found"]:.1f}% |'
        )


def _number(value):
    return f'{value:.2f}' if value >= 0 else '–'


if __name__ == '__main__':
    main()
