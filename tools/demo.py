"""Train, evaluate and run a small model on drawn figures, and leave pictures, a curve and a table.

    mim run spinepose_mm demo --out demo_results
"""
import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import matplotlib
import mmcv
import numpy as np
import spinepose_mm  # noqa: F401  (registers the classes)
from mmpose.apis import inference_topdown, init_model
from mmpose.visualization import PoseLocalVisualizer
from spinepose_mm.interop.aliases import index_folder
from spinepose_mm.synthetic.figures import make_data_set

TOOLS = Path(__file__).parent
CONFIG = index_folder() / 'configs' / 'demo' / 'spinepose_demo.py'


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--out', type=Path, default=Path('demo_results'), help='folder of all that is made')
    parser.add_argument('--images', type=positive, default=1500, help='how many figures to train on')
    parser.add_argument('--epochs', type=positive, default=10, help='how often to go through them')
    args = parser.parse_args()
    start = time.monotonic()
    data = args.out / 'data'
    print(f'-- drawing {args.images} figures to train on and 100 to test on ...', flush=True)
    make_data_set(data, 'train', args.images, seed=1)
    make_data_set(data, 'val', 100, seed=2)
    os.environ['SPINETRACK_ROOT'] = str(data.resolve())
    checkpoint = train(args.out, args.epochs)
    print('-- evaluating on the figures that it has not seen ...', flush=True)
    run('evaluate.py', f'{CONFIG}={checkpoint}', '--work-dir', args.out / 'evaluate', '--out', args.out / 'table.md',
        log=args.out / 'evaluate.log')
    print('-- drawing what it finds ...', flush=True)
    infer(checkpoint, data, args.out)
    plot(args.out)
    print((args.out / 'table.md').read_text())
    print(f'Done in {time.monotonic() - start:.0f} s. Look at {args.out / "predictions.png"} and '
          f'{args.out / "training.png"}; the table is {args.out / "table.md"}, the model {checkpoint}')


def positive(text):
    """Read a number from 1 on from the command line."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f'a whole number from 1 on is expected, not {text!r}')
    return int(text)


def train(out, epochs):
    """Train the demo model and return the path of its last checkpoint."""
    print(f'-- training {CONFIG.name} for {epochs} epochs (log: {out / "train.log"}) ...', flush=True)
    run('train.py', CONFIG, '--work-dir', out / 'train', '--cfg-options', f'train_cfg.max_epochs={epochs}',
        f'param_scheduler.1.begin={epochs // 2}', f'param_scheduler.1.end={epochs}',
        f'param_scheduler.1.T_max={epochs - epochs // 2}', log=out / 'train.log', show=progress)
    return out / 'train' / f'epoch_{epochs}.pth'


def run(tool, *args, log, show=lambda line: ''):
    """Run one of the tools with its output in a log file; print what `show` makes of a line. Exit where it fails."""
    command = [sys.executable, '-W', 'ignore', str(TOOLS / tool), *map(str, args)]
    with log.open('w') as file, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                                 env={**os.environ, 'PYTHONWARNINGS': 'ignore'}) as process:
        for line in process.stdout:
            file.write(line)
            if show(line):
                print('   ' + show(line), flush=True)
    if process.returncode:
        sys.exit(f'error: {tool} failed; see {log}')


def progress(line):
    """Return the gist of a line of MMEngine's log: the loss during an epoch, spine AP after some."""
    loss = re.search(r'Epoch\(train\)\s+\[(\d+)\]\[50/.*eta: (\S+).* loss: (\S+)', line)
    score = re.search(r'Epoch\(val\) \[(\d+)\].*spinetrack/spine_AP: (\S+)', line)
    if loss:
        return 'epoch {}: loss {}, time left {}'.format(loss[1], loss[3], loss[2])
    return f'epoch {score[1]}: spine AP {float(score[2]):.3f}' if score else ''


def infer(checkpoint, data, out, shown=12):
    """Run the model in the true boxes of the first test pictures and lay the results out in one sheet."""
    labels = json.loads((data / 'annotations' / 'person_keypoints_val.json').read_text())
    model = init_model(str(CONFIG), str(checkpoint), device='cpu')
    visualizer = PoseLocalVisualizer(radius=2, line_width=1)
    visualizer.set_dataset_meta(model.dataset_meta)
    drawn = []
    for image, person in list(zip(labels['images'], labels['annotations']))[:shown]:
        path = str(data / 'images' / 'val' / image['file_name'])
        found, = inference_topdown(model, path, [person['bbox']], bbox_format='xywh')
        visualizer.add_datasample('', mmcv.imread(path, channel_order='rgb'), found, draw_gt=False, draw_bbox=False)
        drawn.append(visualizer.get_image())
    rows = [np.hstack(drawn[i:i + 4]) for i in range(0, len(drawn), 4)]
    mmcv.imwrite(mmcv.rgb2bgr(np.vstack(rows)), str(out / 'predictions.png'))


def plot(out):
    """Plot the loss and the AP of the last training run."""
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt
    log = max((out / 'train').glob('*/vis_data/scalars.json'))
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout='constrained')
    left.plot(*zip(*((line['step'], line['loss']) for line in lines if 'loss' in line)))
    left.set(xlabel='iteration', ylabel='loss', ylim=(0, None))
    for subset in ('body', 'feet', 'spine'):
        key = f'spinetrack/{subset}_AP'
        right.plot(*zip(*((line['step'], line[key]) for line in lines if key in line)), marker='o', label=subset)
    right.set(xlabel='epoch', ylabel='AP on unseen figures', ylim=(0, 1))
    right.legend()
    figure.savefig(out / 'training.png', dpi=120)


if __name__ == '__main__':
    main()
