"""Write a model as an ONNX file: for rtmlib, Pose2Sim, Sports2D and others; it is checked against PyTorch.

    spinepose_mm export_onnx spinepose-tiny --out spinepose_tiny.onnx --bgr --pose2sim settings.toml

rtmlib, Pose2Sim, Sports2D and the spinepose package feed BGR images: give --bgr for them.
"""

import argparse
import sys
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('model', help='config file, or a name or alias of the zoo (spinepose-m)')
    parser.add_argument('--out', required=True, type=Path, help='file to write, .onnx')
    parser.add_argument('--weights', help='checkpoint; a model of the zoo has its own')
    parser.add_argument('--half', action='store_true', help='compute in half precision')
    parser.add_argument('--bgr', action='store_true', help='for programs that feed BGR images')
    parser.add_argument(
        '--pose2sim',
        type=Path,
        metavar='TOML',
        help='also write what goes into the Config.toml of Pose2Sim and Sports2D',
    )
    args = parser.parse_args()
    if args.pose2sim and not args.bgr:
        parser.error('--pose2sim needs --bgr, since Pose2Sim and Sports2D feed BGR images')
    from spinepose_mm.deployment import export_onnx, settings_toml  # takes seconds
    from spinepose_mm.io.atomic import locked, replacing

    try:
        difference = export_onnx(args.model, args.weights, args.out, half=args.half, bgr=args.bgr)
        if args.pose2sim:
            with locked(args.pose2sim), replacing(args.pose2sim) as file:
                file.write(settings_toml(args.out))
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB, keypoints within {difference:.1f} pixels of PyTorch's")


if __name__ == '__main__':
    main()
