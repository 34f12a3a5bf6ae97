"""Validate a data set: an annotation file in COCO's format, and its images.

    spinepose_mm check_dataset annotations/person_keypoints_val2017.json --images images/val2017

The exit code is 0 where nothing is wrong, 1 where something is, and 2 where the file cannot be read.
"""

import argparse
import json
import sys
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('ann_file', type=Path, help='annotation file, with 37, 26 or 17 keypoints a person')
    parser.add_argument('--images', type=Path, metavar='DIR', help='folder of the images, to validate them too')
    parser.add_argument('--strict', action='store_true', help='exit with 1 where something only looks wrong, too')
    parser.add_argument('--examples', type=int, default=3, help='how many entries of each finding are shown (3)')
    parser.add_argument('--out', type=Path, metavar='JSON', help='file to write all entries of the findings to')
    args = parser.parse_args()
    from spinepose_mm.datasets.validation.report import ERROR, SUSPECT, validate  # takes seconds

    try:
        report = validate(args.ann_file, args.images, progress=True)
        if args.out:
            args.out.write_text(json.dumps(report.as_dict(), indent=1) + '\n', encoding='utf-8')
    except (OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        sys.exit(2)
    print(report.text(args.examples))
    sys.exit(bool(report.count(ERROR) or (args.strict and report.count(SUSPECT))))


if __name__ == '__main__':
    main()
