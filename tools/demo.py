"""Train a small model on rendered people by the whole method: evaluate and run it, and lift its predictions to 3D.

spinepose_mm demo --out demo_results
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

TOOLS = Path(__file__).parent
CONFIGS = TOOLS.parent / 'configs' / 'demo'
TEACHER, CONFIG = CONFIGS / 'spinepose_demo_teacher.py', CONFIGS / 'spinepose_demo.py'
SIZE = (384, 288)
# People who stay upright are learned faster than those who lie or stand on their hands.
UPRIGHT = ('stand', 'walk', 'stretch', 'twist', 'squat', 'deadlift', 'sit', 'side_bend')
VAL_IMAGES = 150
VIDEO_SEED = 6  # a person, clothes, a motion and a background that are in neither split


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--out', type=Path, default=Path('demo_results'), help='folder of the results')
    parser.add_argument('--images', type=positive, default=2000, help='how many images to train on')
    parser.add_argument('--epochs', type=positive, default=8, help='how often the student goes through them')
    parser.add_argument('--teacher-epochs', type=positive, default=6, help='how often the teacher does before')
    args = parser.parse_args()
    try:
        demonstrate(args)
    except KeyboardInterrupt:
        print('\nstopped; the same command keeps the rendered images, and trains from the start', file=sys.stderr)
        sys.exit(130)


def demonstrate(args):
    """Render, train, evaluate and follow a person; leave the results in `args.out`."""
    from spinepose_mm.synthetic.dataset import Settings, synthesize
    from spinepose_mm.synthetic.look import contact_sheet, plot_spine
    from spinepose_mm.zoo.models import find_config  # takes seconds

    start = time.monotonic()
    data, out = args.out / 'data', args.out
    print(f'-- rendering {args.images} images to train on and {VAL_IMAGES} of other people ...', flush=True)
    synthesize(data, Settings(args.images, 'train', 1, SIZE, motions=UPRIGHT))
    contact_sheet(synthesize(data, Settings(VAL_IMAGES, 'val', 1, SIZE, motions=UPRIGHT)), out / 'data.jpg')
    plot_spine(out / 'spine_model.png')
    os.environ['SPINETRACK_ROOT'] = str(data.resolve())
    # As the recipes' teachers do, it begins with a backbone that was trained on many people: that of spinepose-tiny.
    backbone = find_config('spinepose-tiny')[1]
    teacher = train(
        TEACHER,
        out / 'teacher',
        args.teacher_epochs,
        'model.backbone.init_cfg.type=Pretrained',
        'model.backbone.init_cfg.prefix=backbone.',
        f'model.backbone.init_cfg.checkpoint={backbone}',
    )
    os.environ['SPINEPOSE_TEACHER'] = str(teacher.resolve())
    checkpoint = train(CONFIG, out / 'train', args.epochs)
    print('-- evaluating on other people than they were trained on ...', flush=True)
    run(
        'evaluate.py',
        f'{TEACHER}={teacher}',
        f'{CONFIG}={checkpoint}',
        '--work-dir',
        out / 'evaluate',
        '--out',
        out / 'table.md',
        log=out / 'evaluate.log',
    )
    print('-- tracking a person through a motion ...', flush=True)
    follow(checkpoint, out)
    plot_training(out)
    print((out / 'table.md').read_text())
    print(
        f'Done in {time.monotonic() - start:.0f} s. Look in {out}: data.jpg, spine_model.png, training.png, '
        f'sequence.jpg, sequence.png and lifted.png; the table is table.md, the model {checkpoint}'
    )


def positive(text):
    """Read a number from 1 on from the command line."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f'a whole number from 1 on is expected, not {text!r}')
    return int(text)


def train(config, folder, epochs, *options):
    """Train a model and return the path of its last checkpoint."""
    log = folder.with_suffix('.log')
    print(f'-- training {config.name} for {epochs} epochs (log: {log}) ...', flush=True)
    run(
        'train.py',
        config,
        '--work-dir',
        folder,
        '--cfg-options',
        f'train_cfg.max_epochs={epochs}',
        f'param_scheduler.1.begin={epochs // 2}',
        f'param_scheduler.1.end={epochs}',
        f'param_scheduler.1.T_max={epochs - epochs // 2}',
        *options,
        log=log,
        show=progress,
    )
    return folder / f'epoch_{epochs}.pth'


def run(tool, *args, log, show=lambda line: ''):
    """Run one of the tools with its output in a log file; print what `show` makes of a line. Exit where it fails."""
    command = [sys.executable, '-W', 'ignore', str(TOOLS / tool), *map(str, args)]
    with (
        log.open('w') as file,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, 'PYTHONWARNINGS': 'ignore'},
        ) as process,
    ):
        for line in process.stdout:
            file.write(line)
            if show(line):
                print('   ' + show(line), flush=True)
    if process.returncode:
        sys.exit(f'error: {tool} failed; see {log}')


def progress(line):
    """Return the gist of a line of MMEngine's log: the loss during an epoch, AP after some."""
    loss = re.search(r'Epoch\(train\)\s+\[(\d+)\]\[ *100/.*eta: (\S+).* loss: (\S+)', line)
    if loss:
        return f'epoch {loss[1]}: loss {loss[3]}, time left {loss[2]}'
    epoch = re.search(r'Epoch\(val\) \[(\d+)\]', line)
    scores = re.findall(r'spinetrack/(\w+)_AP: (\S+)', line)
    return (
        f'epoch {epoch[1]}: ' + ', '.join(f'{subset} AP {float(score):.3f}' for subset, score in scores)
        if epoch and scores
        else ''
    )


def follow(checkpoint, out, motion='side_bend', shown=8):
    """Run the model in the ground-truth boxes of a video, and lift its predictions.

    Some of its frames are drawn, and how far the trunk leans in all.
    """
    import mmcv
    from mmpose.apis import inference_topdown, init_model
    from mmpose.visualization import PoseLocalVisualizer

    from spinepose_mm.synthetic.rendering import video
    from spinepose_mm.synthetic.scene import Renderer
    from spinepose_mm.writers.encoding import encoder_for

    model = init_model(str(CONFIG), str(checkpoint), device='cpu')
    visualizer = PoseLocalVisualizer(radius=3, line_width=2)
    visualizer.set_dataset_meta(model.dataset_meta)
    renderer, drawn, leans, boxes = Renderer(SIZE), [], [], []
    path = out / 'video.mp4'
    writer = encoder_for(path)(path, 15, SIZE)
    for image, person in video(motion, VIDEO_SEED, renderer, frame_rate=15):
        (predicted,) = inference_topdown(model, image, [person.bbox], bbox_format='xywh')
        visualizer.add_datasample('', mmcv.bgr2rgb(image), predicted, draw_gt=False, draw_bbox=False)
        drawn.append(visualizer.get_image())
        writer.write(image)
        boxes.append(predicted.pred_instances.bboxes)
        leans.append([lean(person.pixels), lean(predicted.pred_instances.keypoints[0])])
    renderer.close()
    writer.release()
    # For `infer --boxes`, so that the video can be tried with it too.
    rows = [[frame, *box] for frame, (box,) in enumerate(boxes)]
    np.savetxt(out / 'boxes.csv', rows, '%g', ',', header='frame,x1,y1,x2,y2', comments='')
    lift(path, boxes, checkpoint, out)
    picked = [drawn[i] for i in np.linspace(0, len(drawn) - 1, shown).round().astype(int)]
    sheet = np.vstack([np.hstack(picked[i : i + 4]) for i in range(0, shown, 4)])
    mmcv.imwrite(mmcv.rgb2bgr(sheet), str(out / 'sequence.jpg'))
    figure, axes = subplots(1)
    for values, label in zip(np.array(leans).T, ('ground truth', 'prediction')):
        axes.plot(np.arange(len(leans)) / 15, values, label=label)
    axes.set(xlabel='time (s)', ylabel='C7 from the upright above S1,\nin the image (degrees)', title=motion)
    axes.legend()
    figure.savefig(out / 'sequence.png', dpi=110)


def lift(path, boxes, checkpoint, out):
    """Lift a video's person into the world; keep the video of it, all the numbers, and a frame from its middle."""
    import mmcv
    from mmpose.apis import MMPoseInferencer

    inferencer = MMPoseInferencer(
        pose3d='spinepose-lifter',
        pose2d=str(CONFIG),
        pose2d_weights=str(checkpoint),
        det_model='whole_image',
        device='cpu',
    )
    results = list(
        inferencer(str(path), out_dir=str(out / 'lifted'), return_vis=True, coordinates='world', bboxes=boxes)
    )
    mmcv.imwrite(mmcv.rgb2bgr(results[len(results) // 2]['visualization'][0]), str(out / 'lifted.png'))


def lean(points):
    """Return how far the line from S1 to C7 leans to the right in an image, in degrees; `points` is (37, 2 or 3)."""
    from spinepose_mm import skeleton

    x, y = (points[skeleton.index('C7')] - points[skeleton.index('S1')])[:2]
    return np.degrees(np.arctan2(x, -y))


def subplots(count):
    """Return matplotlib's figure and axes, without a display."""
    import matplotlib

    matplotlib.use('Agg')
    import matplotlib.pyplot as plt

    return plt.subplots(1, count, figsize=(5 * count, 4), layout='constrained')


def plot_training(out):
    """Plot the student's losses and its AP."""
    log = max((out / 'train').glob('*/vis_data/scalars.json'))
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    figure, (left, right) = subplots(2)
    for term in sorted({key for line in lines for key in line if key.startswith('loss_')}):
        draw(left, [(line['step'], line[term]) for line in lines if line.get(term, 0) > 0], label=term)
    left.set(xlabel='iteration', ylabel='weighted loss', yscale='log')
    left.legend()
    for subset in ('body', 'feet', 'spine'):
        key = f'spinetrack/{subset}_AP'
        draw(right, [(line['step'], line[key]) for line in lines if key in line], marker='o', label=subset)
    right.set(xlabel='epoch', ylabel='AP on unseen people', ylim=(0, 1))
    right.legend()
    figure.savefig(out / 'training.png', dpi=120)


def draw(axes, points, **kwargs):
    """Plot a list of (x, y), which may be empty in a short run."""
    axes.plot([x for x, _ in points], [y for _, y in points], **kwargs)


if __name__ == '__main__':
    main()
