"""Train the rows of SpinePose's ablation from one config: a table and a plot of their AP.

    spinepose_mm ablation spinepose_v1_large.py --seeds 0 1 --out ablation
    spinepose_mm ablation my_config.py --cfg-options train_cfg.max_epochs=5

The config is one of the whole method: each row leaves out some of its losses. All rows begin with the same weights and,
for one seed, see the same images. Runs that are finished are not repeated, those that were interrupted go on.
"""

import argparse
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

PARTS = dict(distil='model.teacher', structure='model.head.structure_loss', spine='model.head.spine_loss')
ROWS = {
    ' + '.join(row) or 'none': row
    for row in ((), ('distil',), ('distil', 'structure'), ('distil', 'spine'), ('distil', 'structure', 'spine'))
}
#: AP of the large model on COCO, Halpe-26 and SpineTrack (SpinePose, arXiv 2504.08110, loss ablation).
PAPER = dict(
    zip(ROWS, ((69.6, 72.2, 87.0), (70.8, 73.2, 87.3), (71.2, 73.4, 87.7), (74.7, 76.6, 88.7), (75.2, 77.0, 88.4)))
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('config', help='file of the whole method, or its name')
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1])
    parser.add_argument(
        '--rows',
        nargs='+',
        default=list(ROWS),
        choices=ROWS,
        metavar='ROW',
        help='some of: ' + ', '.join(map(repr, ROWS)),
    )
    parser.add_argument('--out', type=Path, default=Path('work_dirs/ablation'), help='folder of the results')
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='A.B=VALUE', help='settings of all rows')
    args = parser.parse_args()
    from mmengine.config import Config

    from spinepose_mm.zoo.models import find_config  # takes seconds

    try:
        config = find_config(args.config)[0]
        cfg = Config.fromfile(config)
        check(cfg, config)
    except (ValueError, OSError) as error:
        sys.exit(f'error: {error}')
    args.out.mkdir(parents=True, exist_ok=True)
    # The text has the folders of data and teacher in it, which variables of the shell may name.
    digest = hashlib.sha256(cfg.pretty_text.encode()).hexdigest()[:16]
    keep_settings(
        args.out / 'settings.json', dict(config=Path(config).name, digest=digest, options=sorted(args.cfg_options))
    )
    results = {}
    for seed in args.seeds:  # all rows of one seed first, so that an early look is a fair one
        for name in args.rows:
            results.setdefault(name, []).append(run(config, name, seed, args.out, args.cfg_options))
            (args.out / 'table.md').write_text(table(results) + '\n')
    plot(results, args.out / 'ablation.png')
    print(table(results))
    print(f'look at {args.out / "table.md"} and {args.out / "ablation.png"}')


def check(cfg, config):
    """Raise ValueError where the config lacks a part that the rows would leave out."""
    for part in PARTS.values():
        value = cfg
        for key in part.split('.'):
            value = value.get(key) or {}
        if not value:
            raise ValueError(f'{config} has no {part}, which the ablation would leave out')


def keep_settings(file, settings):
    """Write the settings of a folder's runs; exit where they differ from last time."""
    if file.exists() and json.loads(file.read_text()) != settings:
        sys.exit(
            f'error: {file.parent} has runs of other settings, data or teacher: {file.read_text()}; name another --out'
        )
    file.write_text(json.dumps(settings))


def run(config, name, seed, out, options):
    """Train one row with one seed, unless that is done, and return its last evaluation, {name: value}."""
    from spinepose_mm.io.atomic import replacing

    folder = out / name.replace(' ', '') / f'seed_{seed}'
    done = folder / 'metrics.json'
    if not done.exists():
        print(f'-- {name}, seed {seed} (log: {folder}.log) ...', flush=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        left_out = [part for key, part in PARTS.items() if key not in ROWS[name]]
        options = [option for option in options if not option.startswith(tuple(f'{part}.' for part in left_out))]
        command = [
            sys.executable,
            '-W',
            'ignore',
            str(Path(__file__).parents[1] / 'train.py'),
            config,
            '--resume',
            '--work-dir',
            str(folder),
            '--cfg-options',
            f'randomness.seed={seed}',
            *options,
            *(f'{part}=None' for part in left_out),
        ]
        with Path(f'{folder}.log').open('a') as log:
            failed = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT).returncode
        if failed:
            sys.exit(f'error: the training failed; see {folder}.log')
        with replacing(done) as file:
            json.dump(last_evaluation(folder), file)
    return json.loads(done.read_text())


def last_evaluation(folder):
    """Return the metrics of the evaluation after the last epoch of a work folder."""
    last = max(int(path.stem.split('_')[1]) for path in folder.glob('epoch_*.pth'))
    lines = [line for log in sorted(folder.glob('*/vis_data/scalars.json')) for line in log.read_text().splitlines()]
    found = [line for line in map(json.loads, lines) if 'spinetrack/spine_AP' in line and line['step'] == last]
    if not found:
        sys.exit(f'error: {folder} has no evaluation of its last epoch')
    return found[-1]


def scores(metrics):
    """Return AP in percent of each subset for each seed, (number of seeds, number of subsets)."""
    from spinepose_mm import skeleton

    return 100 * np.array([[each[f'spinetrack/{subset}_AP'] for subset in skeleton.SUBSETS] for each in metrics])


def table(results):
    """Return the rows in Markdown: AP in percent as mean ± half the range over the seeds, beside the paper's."""
    from spinepose_mm import skeleton

    head = [
        'Losses',
        *(f'{subset.capitalize()} AP' for subset in skeleton.SUBSETS),
        'Seeds',
        'Paper, large: COCO',
        'Halpe-26',
        'SpineTrack',
    ]
    lines = [head, ['---'] + ['---:'] * (len(head) - 1)]
    for name, metrics in results.items():
        values = scores(metrics)
        lines.append(
            [
                name,
                *(f'{mean:.1f} ± {half:.1f}' for mean, half in zip(values.mean(0), np.ptp(values, 0) / 2)),
                str(len(values)),
                *map(str, PAPER[name]),
            ]
        )
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines)


def plot(results, file):
    """Draw each seed's AP of each subset as a dot, and the means as lines."""
    import matplotlib

    matplotlib.use('Agg')
    import matplotlib.pyplot as plt

    from spinepose_mm import skeleton

    figure, panels = plt.subplots(1, len(skeleton.SUBSETS), figsize=(14, 3.5), layout='constrained', sharey=True)
    for i, (axes, subset) in enumerate(zip(panels, skeleton.SUBSETS)):
        for row, metrics in enumerate(results.values()):
            values = scores(metrics)[:, i]
            axes.plot(values, [row] * len(values), 'o', color='tab:blue', alpha=0.5)
            axes.plot([values.mean()] * 2, [row - 0.3, row + 0.3], color='tab:red')
        axes.set(title=subset, xlabel='AP (%)', yticks=range(len(results)), yticklabels=list(results))
        axes.grid(axis='x', alpha=0.3)
    panels[0].invert_yaxis()
    figure.savefig(file, dpi=120)


if __name__ == '__main__':
    main()
