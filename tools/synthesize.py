"""Render people with a real spine: labelled with SpineTrack's 37 keypoints and in 3D.

    spinepose_mm synthesize --out data/synthetic --images 2000 --seed 1
    spinepose_mm synthesize --labels-only --out data/bodies/annotations/simspine_train.npz --people 400

An interrupted run goes on where it stopped when it is started again. For training: SPINETRACK_ROOT=data/synthetic.
With --labels-only there are no images: one file of labels in 2D and 3D, to train and test a lifter on.
"""

import argparse
import re
import sys
from pathlib import Path


def main():
    args = parse()
    from spinepose_mm.synthetic.motion import MOTIONS  # takes seconds

    motions = tuple(args.motions or MOTIONS)
    try:
        if args.labels_only:
            write_labels(args, motions)
        else:
            render(args, motions)
    except (OSError, ValueError, ImportError) as error:
        sys.exit(f'error: {error}')


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument(
        '--out', type=Path, required=True, help='folder of the data set; with --labels-only, the file to write, .npz'
    )
    parser.add_argument('--seed', type=int, default=0, help='the same seed gives the same bytes')
    parser.add_argument('--people', type=int, help='at most so many in an image (1); all, with --labels-only (100)')
    parser.add_argument('--views', type=int, help='calibrated cameras that see each scene (1; with --labels-only 2)')
    parser.add_argument(
        '--motions',
        nargs='+',
        metavar='NAME',
        help='what the people do: stand, walk, run, jump, stretch, twist, squat, deadlift, sit, '
        'side_bend, lie, handstand (all)',
    )
    images = parser.add_argument_group('images')
    of_images = [
        images.add_argument('--images', type=int, default=1000, help='how many images to train on'),
        images.add_argument('--val-images', type=int, help='how many images of other people to test on (a tenth)'),
        images.add_argument('--size', type=size, default=(512, 384), metavar='WxH', help='of the images (512x384)'),
        images.add_argument('--quality', type=int, default=90, help='of the JPEGs, up to 100'),
        images.add_argument('--backgrounds', default='', help='folder of images to put behind the people'),
        images.add_argument(
            '--bodies', default='figures', choices=('people', 'figures'), help='dressed people, or figures (figures)'
        ),
        images.add_argument('--environments', default='', help='folder of HDR panoramas, places for --bodies people'),
        images.add_argument('--workers', type=int, help='processes (all cores)'),
    ]
    labels = parser.add_argument_group('labels without images')
    labels.add_argument('--labels-only', action='store_true', help="write labels alone, in SIMSPINE's layout")
    of_labels = [
        labels.add_argument('--frames', type=int, default=60, help="of each person's motion, at 15 a second (60)"),
        labels.add_argument(
            '--split', default='train', help='name of the split: each has its own people and cameras (train)'
        ),
    ]
    args = parser.parse_args()
    for option in of_images if args.labels_only else of_labels:
        if getattr(args, option.dest) != option.default:
            which = 'with' if args.labels_only else 'without'
            parser.error(f'{option.option_strings[0]} has no meaning {which} --labels-only')
    if args.labels_only and args.out.suffix != '.npz':
        parser.error(f'--labels-only writes one file: --out is a .npz, not {args.out}')
    return args


def render(args, motions):
    """Render both splits, and print where they are."""
    from spinepose_mm.synthetic.dataset import Settings, synthesize
    from spinepose_mm.synthetic.look import contact_sheet, plot_spine
    from spinepose_mm.wording import counted

    val_images = max(1, args.images // 10) if args.val_images is None else args.val_images
    people, views = given(args.people, 1), given(args.views, 1)
    for split, images in (('train', args.images), ('val', val_images)):
        settings = Settings(
            images,
            split,
            args.seed,
            args.size,
            people,
            views,
            args.quality,
            args.backgrounds,
            motions,
            args.bodies,
            args.environments,
        )
        ann_file = synthesize(args.out, settings, args.workers)
        print(f'{counted(images, "image")}: {ann_file}')
    contact_sheet(ann_file, args.out / 'contact_sheet.jpg')
    plot_spine(args.out / 'spine.png')
    print(f'look at {args.out / "contact_sheet.jpg"} and {args.out / "spine.png"}')


def write_labels(args, motions):
    """Write the labels of people in motion."""
    from spinepose_mm.synthetic.poses import PoseSettings, synthesize_poses

    people, views = given(args.people, 100), given(args.views, 2)
    settings = PoseSettings(people, args.frames, views, args.split, args.seed, motions=motions)
    synthesize_poses(args.out, settings, progress=True)


def given(value, default):
    return default if value is None else value


def size(text):
    """Read WIDTHxHEIGHT from the command line."""
    if not re.fullmatch(r'\d+x\d+', text):
        raise argparse.ArgumentTypeError(f'a size is WIDTHxHEIGHT in pixels, such as 512x384, not {text!r}')
    return tuple(map(int, text.split('x')))


if __name__ == '__main__':
    main()
