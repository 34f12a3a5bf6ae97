"""Print the papers' table for one or several models: AP and AR of body, feet, spine and all keypoints.

    mim run spinepose_mm evaluate spinepose-s spinepose_v1_large.py=work_dirs/spinepose_v1_large/epoch_10.pth
"""
import argparse
from pathlib import Path

from mmengine.config import DictAction


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('models', nargs='+', metavar='MODEL[=CHECKPOINT]',
                        help='config file, or a name or alias of the zoo; with its own weights, or with these')
    parser.add_argument('--out', type=Path, help='Markdown file to write the table to')
    parser.add_argument('--work-dir', default='work_dirs/evaluate', help='folder of the logs')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='settings to override, a.b=value')
    args = parser.parse_args()
    from spinepose_mm.evaluation.table import evaluate, format_table  # takes seconds
    rows = {}
    for name in args.models:
        model, _, checkpoint = name.partition('=')
        label = Path(model).stem + (f' ({checkpoint})' if checkpoint else '')
        rows[label] = evaluate(model, checkpoint, args.cfg_options, args.work_dir)
    table = format_table(rows)
    print(table)
    if args.out:
        args.out.write_text(table + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()
