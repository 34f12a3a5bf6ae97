"""Calibrate a model: fit the two numbers that turn its scores into confidence, and print its reliability.

    spinepose_mm calibrate spinepose-tiny
    spinepose_mm calibrate my_config.py --weights work_dirs/my_config/epoch_10.pth    # or an ONNX file

The data are those of the config's test, which the model was not trained on. Each half of the images is evaluated with
the fit to the other half; the numbers that are printed for the config are fitted to all images.
"""

import argparse
import sys

from mmengine.config import DictAction


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('model', help='config file, or a name or alias of the zoo, with labelled test data')
    parser.add_argument('--weights', help='checkpoint or ONNX file; a model of the zoo has its own')
    parser.add_argument('--work-dir', default='work_dirs/calibrate', help='folder of the logs')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='settings to override, a.b=value')
    args = parser.parse_args()
    from spinepose_mm.evaluation.calibration import collect, fit, held_out  # takes seconds

    try:
        found = collect(args.model, args.weights, args.cfg_options, args.work_dir)
        fitted, halves = fit(found.scores, found.labelled, found.right), held_out(found)
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    labelled = found.labelled
    print(
        f'\n{labelled.sum()} labelled keypoints of {len(labelled)} people in {len(set(found.images.tolist()))} '
        f'images; {100 * found.right[labelled].mean():.1f}% are right, at an OKS of .5 or more'
    )
    _print('As the model has it', found, found.confidence)
    _print('Fitted, each half of the images by the numbers of the other half', found, halves)
    _print('Scores, cut to 1', found, found.scores.clip(0, 1))
    print(
        f'\nFitted on all images, for the config:\n'
        f'model = dict(head=dict(calibration=dict(slope={fitted.slope:.3f}, offset={fitted.offset:.3f})))'
    )


def _print(title, found, confidence):
    """Print a table of Bins, and the part of the keypoints that counts as visible."""
    from spinepose_mm import skeleton
    from spinepose_mm.confidence import MIN_CONFIDENCE
    from spinepose_mm.evaluation.calibration import calibration_error, reliability

    def bins(columns):
        labelled = found.labelled[:, columns]
        return reliability(confidence[:, columns][labelled], found.right[:, columns][labelled])

    labelled, table = found.labelled, bins(slice(None))
    print(f'\n{title}:\n\n| Confidence | Keypoints | Mean | Right |\n| --- | ---: | ---: | ---: |')
    for number, each in enumerate(table):
        if each.size:
            print(
                f'| {number / len(table):.1f} to {(number + 1) / len(table):.1f} | {each.size} | '
                f'{each.confidence:.3f} | {each.right:.3f} |'
            )
    subsets = {name: [i for i in numbers if i < labelled.shape[1]] for name, numbers in skeleton.SUBSETS.items()}
    errors = [
        f'{name} {calibration_error(bins(numbers)):.3f}'
        for name, numbers in subsets.items()
        if labelled[:, numbers].any()
    ]
    kept = labelled & (confidence >= MIN_CONFIDENCE)
    share = f', of which {100 * found.right[kept].mean():.1f}% are right' if kept.any() else ''
    print(
        f'\nExpected calibration error: {", ".join(errors)}\n'
        f'{MIN_CONFIDENCE} and more: {100 * kept.sum() / labelled.sum():.1f}% of the keypoints{share}'
    )


if __name__ == '__main__':
    main()
