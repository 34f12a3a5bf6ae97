"""Benchmark this package against others that do the same work: both sides in turns, with the spread of ratios.

    mim run spinepose_mm benchmark loading
    mim run spinepose_mm benchmark inference --people 1 10

`mim run spinepose_mm benchmark SUBJECT --help` lists the options of each. Other packages are competitors here and no
requirements; those that are not installed are left out.
"""

import argparse
import importlib
import sys

SUBJECTS = {
    'loading': "training and validation samples, against MMPose's own pipeline",
    'step': "a training step, with and without teacher and losses, beside MMPose's RTMPose",
    'inference': 'from a file to keypoints, against MMPose, rtmlib and the official library; and videos',
    'evaluation': "SpineTrackMetric against MMPose's metric and COCO's evaluator",
    'export': 'writing ONNX files, and running them against PyTorch',
    'startup': "import and --help, against MMPose's and others'",
}


def main():
    args = parse()
    try:
        tables = args.run(args)
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    from spinepose_mm.benchmarks.pairs import machine

    print(f'{machine()}\n\n{tables}')


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    subjects = parser.add_subparsers(required=True, metavar='SUBJECT')
    for name, text in SUBJECTS.items():
        options = subjects.add_parser(name, help=text, description=text)
        if sys.argv[1:2] == [name]:
            subject = importlib.import_module(f'spinepose_mm.benchmarks.{name}')  # takes seconds
            subject.add_arguments(options)
            options.set_defaults(run=subject.run)
    return parser.parse_args()


if __name__ == '__main__':
    main()
