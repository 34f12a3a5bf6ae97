"""Download SpineTrack from its hub and unpack it into its documented folders: 19.4 GB, and twice that while it unpacks.

    spinepose_mm fetch_spinetrack
    spinepose_mm fetch_spinetrack --out elsewhere/spinetrack --parts annotations

An interrupted download goes on with the same command; existing files are left as they are.
"""

import argparse
import os
import sys
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument(
        '--out',
        type=Path,
        default=os.environ.get('SPINETRACK_ROOT', 'data/spinetrack'),
        metavar='DIR',
        help='folder of the data set (SPINETRACK_ROOT, or data/spinetrack)',
    )
    parser.add_argument(
        '--parts',
        nargs='+',
        choices=('annotations', 'images'),
        default=('annotations', 'images'),
        help='what to fetch (both)',
    )
    parser.add_argument('--keep', action='store_true', help='keep the archives when they are unpacked')
    args = parser.parse_args()
    from spinepose_mm.datasets.spinetrack_archive import count_images, fetch_spinetrack, page  # takes seconds

    print(
        f'Licence: this package knows none for SpineTrack; what its authors ask stands on {page()}. Read it before '
        'you use the data.',
        flush=True,
    )
    try:
        for entry in fetch_spinetrack(args.out, args.parts, args.keep):
            print(f'unpacked: {Path(args.out, entry)}')
        if {'annotations', 'images'} - set(args.parts):
            return
        counts = count_images(args.out)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    for split, (there, named) in counts.items():
        print(f'{split}: {there} of the {named} images that its annotations name are there')
    lacking = [split for split, (there, named) in counts.items() if there < named]
    if lacking:
        sys.exit(
            f'error: images are missing in {Path(args.out, "images", lacking[0])}; if another program unpacked '
            'it, remove it and run this again'
        )
    print(
        f'Validate the labels with: spinepose_mm check_dataset {args.out}/annotations/'
        f'person_keypoints_val2017.json --images {args.out}/images/val2017'
    )


if __name__ == '__main__':
    main()
