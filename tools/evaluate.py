"""Print the papers' table for one or several models: AP and AR of body, feet, spine and all keypoints, and on COCO.

spinepose_mm evaluate spinepose-s spinepose_v1_large.py=work_dirs/spinepose_v1_large/epoch_10.pth
spinepose_mm evaluate spinepose-v1-s spinepose-v1-m --on config coco halpe26
spinepose_mm evaluate my_config.py=mean_pose my_config.py=work_dirs/my_config/epoch_10.pth
"""

import argparse
import sys
from pathlib import Path

from mmengine.config import DictAction


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument(
        'models',
        nargs='+',
        metavar='MODEL[=CHECKPOINT]',
        help='config file, or a name or alias of the zoo; with its own weights, or with these; =mean_pose is the '
        "baseline to beat, the training people's mean pose in every box",
    )
    parser.add_argument(
        '--on',
        nargs='+',
        choices=('config', 'coco', 'halpe26'),
        default=['config'],
        help="test data: those of the model's config (config, the default), COCO val or Halpe-26 val",
    )
    parser.add_argument('--out', type=Path, help='Markdown file to write the table to')
    parser.add_argument('--work-dir', default='work_dirs/evaluate', help='folder of the logs')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='settings to override, a.b=value')
    args = parser.parse_args()
    from spinepose_mm.evaluation.table import evaluate, format_table  # takes seconds

    rows = {}
    for name in args.models:
        model, _, checkpoint = name.partition('=')
        label = Path(model).stem + (f' ({checkpoint})' if checkpoint else '')
        rows[label] = {}
        for data in args.on:
            try:
                rows[label].update(evaluate(model, checkpoint, args.cfg_options, args.work_dir, data))
            except (ImportError, OSError, ValueError) as error:
                sys.exit(f'error: {error}')
    table = format_table(rows)
    print(table)
    if args.out:
        args.out.write_text(table + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()
