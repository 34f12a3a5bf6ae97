"""Benchmark this package: its speed against others that do the same work, and its accuracy with ground truth.

    spinepose_mm benchmark loading
    spinepose_mm benchmark inference --people 1 10
    spinepose_mm benchmark tracking

`spinepose_mm benchmark SUBJECT --help` lists the options of each. For speed, both sides run in turns, and the spread of
the ratios is shown. Other packages are competitors here and no requirements; those that are not installed are left out.
"""

import argparse
import importlib
import sys

#: {subject: (its module of spinepose_mm.benchmarks, what it is)}
SUBJECTS = {
    'loading': ('loading', "training and validation samples, against MMPose's own pipeline"),
    'step': ('step', "a training step, with and without teacher and losses, beside MMPose's RTMPose"),
    'inference': ('inference', 'from a file to keypoints, against MMPose, rtmlib and the official library; and videos'),
    'evaluation': ('evaluation', "SpineTrackMetric against MMPose's metric and COCO's evaluator"),
    'export': ('export', 'writing ONNX files, and running them against PyTorch'),
    'startup': ('startup', "import and --help, against MMPose's and others'"),
    'measures': ('spine_measures', "accuracy of the spine's measures on moving synthetic bodies"),
    'tracking': (
        'tracking',
        'trackers and smoothing on synthetic videos, against MMPose, trackers and the official library',
    ),
    'robustness': ('robustness', 'AP under darkness, blur, noise, occlusion and the like, in five severities'),
    'world': ('world', "accuracy of people's positions in the world, on moving synthetic bodies"),
}


def main():
    args = parse()
    try:
        tables = args.run(args)
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    if tables:  # of speed; accuracy does not depend on the machine, and its tables are printed row by row
        from spinepose_mm.benchmarks.pairs import machine

        print(f'{machine()}\n\n{tables}')


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    subjects = parser.add_subparsers(required=True, metavar='SUBJECT')
    for name, (module, text) in SUBJECTS.items():
        options = subjects.add_parser(name, help=text, description=text)
        if sys.argv[1:2] == [name]:
            subject = importlib.import_module(f'spinepose_mm.benchmarks.{module}')  # takes seconds
            subject.add_arguments(options)
            options.set_defaults(run=subject.run)
    return parser.parse_args()


if __name__ == '__main__':
    main()
