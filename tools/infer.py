"""Predict people's keypoints and spines in images and videos: tables, an annotated video, a report.

    spinepose_mm infer squat.mp4 --out results
    spinepose_mm infer squat.mp4 --out results --3d --world --height 1.78
    spinepose_mm infer images/ --out spine.csv --spine-only

The results of a video are a table of keypoints and one of measures, the video with the keypoints drawn in, and a
report; in 3D TRC for OpenSim too. An interrupted run goes on with the same command.
"""

import argparse
import os
import signal
import sys
import warnings
from pathlib import Path

# A video's faults are counted and reported in one line.
os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')

#: Those of spinepose_mm.writers, which takes seconds to import.
FORMATS = ('csv', 'parquet', 'trc', 'openpose', 'coco', 'video', 'images', 'report')


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument(
        'inputs',
        nargs='+',
        metavar='INPUT',
        help='image, video, folder of images, pattern in quotes, webcam:0 or address of a stream',
    )
    parser.add_argument(
        '--out',
        nargs='+',
        default=['results'],
        metavar='PATH',
        help='a folder, or files whose endings are those of formats (results)',
    )
    parser.add_argument(
        '--formats',
        nargs='+',
        type=format_name,
        choices=FORMATS,
        metavar='FORMAT',
        help=f'what to write to a folder: {", ".join(FORMATS)}',
    )
    parser.add_argument('--spine-only', action='store_true', help='write the keypoints of the spine alone')
    parser.add_argument('--show', action='store_true', help='show each frame in a window; Escape ends it')
    models = parser.add_argument_group('models')
    models.add_argument('--model', default='spinepose-m', help='config file, or name or alias of the zoo (spinepose-m)')
    models.add_argument('--weights', help='checkpoint, or a file that export_onnx wrote, where they are not its own')
    models.add_argument('--device', help='cpu, cuda:0 … (a GPU where there is one)')
    models.add_argument('--det-model', help="detector of MMDetection's (RTMDet for people); whole_image: none")
    models.add_argument('--det-weights', help='its checkpoint')
    people = parser.add_argument_group('people')
    people.add_argument('--boxes', metavar='FILE', help='.csv or .json of boxes, in the place of a detector')
    people.add_argument('--bbox-thr', type=float, metavar='SCORE', help='score from which a box is taken (0.3)')
    people.add_argument(
        '--detect-every',
        type=int,
        metavar='N',
        help='run the detector on one of N frames of a video; boxes are propagated in between (1)',
    )
    people.add_argument(
        '--no-flip-test',
        action='store_true',
        help='twice as fast: keypoints are not averaged with those in the mirror image',
    )
    people.add_argument(
        '--score',
        choices=('min', 'mean'),
        help='score of a keypoint: the smaller of the largest values along x and y (usual), or their '
        'mean, as in the official library',
    )
    people.add_argument(
        '--v1-postprocess',
        action='store_true',
        help='average the inner points of the spine, as the official library does for v1 models',
    )
    people.add_argument(
        '--subject',
        nargs='+',
        metavar='SUBJECT',
        help='all, largest, most central, a track id, or the box x1 y1 x2 y2 of a person (all)',
    )
    people.add_argument('--no-smoothing', action='store_true', help='keep keypoints as they are predicted')
    people.add_argument('--frame-rate', type=float, help='of images that follow each other in time, or of slow motion')
    people.add_argument(
        '--max-megapixels',
        type=float,
        default=178.0,
        metavar='N',
        help='size of an image or frame up to which it is decoded (178)',
    )
    space = parser.add_argument_group('in 3D')
    space.add_argument('--3d', action='store_true', dest='lift', help='lift people, in metres')
    space.add_argument(
        '--lifter',
        default='spinepose-lifter',
        metavar='MODEL',
        help='alias, config or ONNX file of the lifter (spinepose-lifter)',
    )
    space.add_argument('--lifter-weights', help='its checkpoint, where it is not its own')
    space.add_argument('--world', action='store_true', help='upright and on the ground, not before the camera')
    space.add_argument('--height', type=float, help='of the people, in metres (1.7)')
    space.add_argument('--camera', metavar='FILE', help="calibration: Pose2Sim's .toml, OpenCV's .yml, .xml or .json")
    space.add_argument('--field-of-view', type=float, help='diagonal, degrees, without calibration (84)')
    args = parser.parse_args()
    if not args.lift:
        for name in ('world', 'height', 'camera', 'field_of_view', 'lifter_weights'):
            if getattr(args, name) != parser.get_default(name):
                parser.error(f'--{name.replace("_", "-")} is of people in 3D: add --3d')
    if args.boxes and (args.det_model or (args.detect_every or 1) > 1):
        parser.error('--boxes take the place of a detector: leave out --det-model and --detect-every')
    if args.detect_every is not None and args.detect_every < 1:
        parser.error('--detect-every is 1 or more')
    if args.subject and len(args.subject) not in (1, 2, 4):
        parser.error(f'--subject {" ".join(args.subject)}: all, largest, most central, an id, or x1 y1 x2 y2')
    return args


def format_name(name):
    """Return the name of a format of results."""
    if name == 'pictures':
        warnings.warn('--formats pictures is now --formats images', DeprecationWarning, stacklevel=2)
        return 'images'
    return name


def main():
    args = parse()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        run(args)
    except KeyboardInterrupt:
        print('\nstopped; the predictions are kept, and the same command goes on from there', file=sys.stderr)
        sys.exit(130)
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        sys.exit(f'error: {error}')


def run(args):
    from spinepose_mm.inference import SpinePose3DInferencer, SpinePoseInferencer, analyse, check_outputs, open_source
    from spinepose_mm.inference.boxes import Boxes
    from spinepose_mm.io.paths import legible
    from spinepose_mm.wording import counted

    if len(args.inputs) > 1 and (len(args.out) > 1 or Path(args.out[0]).suffix):
        raise ValueError(f'the results of several inputs need a folder, not {" ".join(args.out)}')
    # Errors in files are raised before the models are loaded, which takes seconds.
    sources = [open_source(given, args.frame_rate, max_megapixels=args.max_megapixels) for given in args.inputs]
    names = [source.name for source in sources]
    for name in names:
        if names.count(name) > 1 or f'{name}_measures' in names:
            raise ValueError(f'two inputs are named {name!r}, or with _measures after it, and so would their results')
    for source in sources:
        check_outputs(source, args.out, args.lift, args.formats, args.boxes, args.camera)
    if args.boxes:
        Boxes(args.boxes)
    detector = 'whole_image' if args.boxes else args.det_model
    options = options_of(args)
    if args.lift:
        inferencer = SpinePose3DInferencer(
            args.lifter,
            args.lifter_weights,
            args.model,
            args.weights,
            args.device,
            det_model=detector,
            det_weights=args.det_weights,
        )
    else:
        inferencer = SpinePoseInferencer(
            args.model, args.weights, args.device, det_model=detector, det_weights=args.det_weights
        )
    if detector is None and (inferencer.pose2d_model if args.lift else inferencer).detector is None:
        raise ValueError('there is no person detector (see above): give --boxes, or --det-model whole_image')
    for source in sources:
        done = analyse(source, args.out, inferencer, args.formats, args.spine_only, args.show, options=options)
        notes = [f'{done.skipped} could not be read'] * bool(done.skipped) + [
            f'{counted(done.replayed, "frame")} predicted before'
        ] * bool(done.replayed)
        path = legible(source.path)
        print(f'{path}: {counted(done.frames, "frame")}', counted(len(done.persons), 'person'), *notes, sep=', ')
        for written in done.files:
            print(f'  {legible(written)}')
        if done.coverage.warning:
            print(f'warning: {path}: {done.coverage.warning}')


def options_of(args):
    """Return the PoseOptions, or in 3D LiftingOptions, of the arguments: defaults stand for what is not given."""
    from spinepose_mm.inference.options import OF_FILES, LiftingOptions, PoseOptions

    chosen = dict(
        bboxes=args.boxes,
        bbox_thr=args.bbox_thr,
        subject=subject(args.subject) if args.subject else None,
        smooth=False if args.no_smoothing else None,
        detect_every=args.detect_every,
        flip_test=False if args.no_flip_test else None,
        score=args.score,
        v1_postprocess=args.v1_postprocess or None,
    )
    if args.lift:
        chosen.update(
            coordinates='world' if args.world else None,
            height=args.height,
            camera=args.camera,
            field_of_view=args.field_of_view,
        )
    given = {name: value for name, value in chosen.items() if value is not None}
    return (LiftingOptions if args.lift else PoseOptions)(**OF_FILES | given)


def subject(words):
    """Return the `subject` of `analyse` for the words of --subject."""
    if len(words) == 4:
        return tuple(map(float, words))
    return int(words[0]) if words[0].isdigit() else ' '.join(words)


if __name__ == '__main__':
    main()
