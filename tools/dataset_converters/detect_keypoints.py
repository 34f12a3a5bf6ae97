"""Predict the keypoints of an annotated data set's people: the input of a lifter or of a triangulation.

    spinepose_mm detect_keypoints data/simspine/annotations/simspine_train.npz --images data/simspine/images \
        --model spinepose-m --out data/simspine/annotations/detected_train.npz

The boxes are around the labelled keypoints: with SIMSPINE's 15 markers, Human3.6M's joints (--human36m) bring in the
arms and legs. Frames without an image are left out. A model of the zoo comes with its own weights.
"""

import argparse
import sys
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('annotations', type=Path, help=".npz of SIMSPINE's layout")
    parser.add_argument('--images', required=True, help="folder that the images' names are below")
    parser.add_argument('--human36m', type=Path, help="MMPose's annotation of Human3.6M, h36m_{train,test}.npz")
    parser.add_argument('--file-boxes', action='store_true', help='take the boxes that the annotation has')
    parser.add_argument(
        '--model',
        default='spinepose-m',
        metavar='MODEL[=CHECKPOINT]',
        help='config file, or a name or alias of the zoo (spinepose-m)',
    )
    parser.add_argument('--out', required=True, type=Path, help='.npz to write')
    parser.add_argument('--batch-size', type=int, default=64)
    parser.add_argument('--work-dir', default='work_dirs/detect_keypoints', help='folder of the logs')
    args = parser.parse_args()
    from mmengine.config import Config
    from mmengine.runner import Runner  # takes seconds

    from spinepose_mm import skeleton
    from spinepose_mm.zoo.models import find_config

    try:
        model, _, checkpoint = args.model.partition('=')
        config, weights = find_config(model)
        if not (checkpoint or weights):
            sys.exit(f'error: {model} has no weights of its own; write {model}=CHECKPOINT')
        if args.out.suffix != '.npz' or args.out.exists():
            sys.exit(f'error: {args.out} is there already, or is no .npz')
        cfg = Config.fromfile(config)
        if cfg.get('data_mode') != 'topdown' or cfg.model.head.get('out_channels') != skeleton.NUM_KEYPOINTS:
            sys.exit(f'error: {model} is no model of {skeleton.NUM_KEYPOINTS} keypoints in images')
        cfg.test_dataloader.batch_size = args.batch_size
        cfg.test_dataloader.dataset = dict(
            type='SimSpineDataset',
            ann_file=str(args.annotations.absolute()),
            data_prefix=dict(img=args.images),
            human36m_file=args.human36m and str(args.human36m.absolute()),
            file_boxes=args.file_boxes,
            subjects=None,
            test_mode=True,
            pipeline=cfg.val_pipeline,
        )
        cfg.test_evaluator = dict(type='KeypointFile', out_file=str(args.out), img_prefix=args.images)
        cfg.load_from, cfg.work_dir, cfg.launcher = str(checkpoint or weights), args.work_dir, 'none'
        Runner.from_cfg(cfg).test()
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(f'keypoints of the people in {args.annotations}: {args.out}')


if __name__ == '__main__':
    main()
