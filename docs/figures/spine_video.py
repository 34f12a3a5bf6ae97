"""Make the moving image of the README: a synthetic person, the predicted spine, and the trunk's inclination.

python docs/figures/spine_video.py docs/spine.webp
"""

import argparse
from pathlib import Path

import numpy as np

SIZE = 440  # pixels of each of the two halves
SEED, FRAME_RATE = 11, 15
INK, PREDICTED, TRUTH = '#333333', '#FF3399', '#888888'


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('out', type=Path, help='the image, .webp')
    args = parser.parse_args()
    from PIL import Image

    from spinepose_mm.confidence import MIN_CONFIDENCE
    from spinepose_mm.visualization import draw_bones

    images, truth, expected = perform()
    people = predict(images, truth)
    predicted = np.array([each.measures['trunk_inclination'][0] for each in people])
    frames = []
    for i, (image, each) in enumerate(zip(images, people)):
        drawn = image.copy()
        draw_bones(drawn, each.keypoints[0], each.confidence[0] >= MIN_CONFIDENCE, radius=3, thickness=2)
        half = draw_panel(expected, predicted, i)
        frames.append(Image.fromarray(np.hstack([drawn[..., ::-1], half])))
    frames[0].save(
        args.out, save_all=True, append_images=frames[1:], duration=1000 // FRAME_RATE, loop=0, quality=80, method=6
    )
    print(
        f'{args.out}: {len(frames)} frames, {args.out.stat().st_size / 1e6:.2f} MB, median error of the inclination '
        f'{np.nanmedian(abs(expected - predicted)):.1f} degrees'
    )


def perform():
    """Render one round of a deadlift from the right side.

    Returns:
        tuple: images, (N, H, W, 3), uint8, BGR; keypoints in pixels, (N, 37, 2); trunk inclination, degrees, (N,).
    """
    from spinepose_mm.analysis import measure_image
    from spinepose_mm.structures import Camera
    from spinepose_mm.synthetic import Body, forward, keypoints, sequence
    from spinepose_mm.synthetic.backdrop import shade
    from spinepose_mm.synthetic.scene import Renderer
    from spinepose_mm.synthetic.surface import Clothes, build

    rng = np.random.default_rng(SEED)
    body = Body()
    pose = sequence('deadlift', body, rng, frame_rate=FRAME_RATE)
    pose['pelvis_rotation'] = np.zeros_like(pose['pelvis_rotation'])
    parts = forward(body, pose)
    points = keypoints(body, parts)
    tones = (224, 182, 150), (60, 42, 30), (58, 110, 145), (58, 110, 145), (52, 56, 66), (40, 40, 44)
    clothes = Clothes(*np.array(tones, float), sleeves=0.45, legs=1.9)
    camera = Camera.looking((0.1, 1.0, 4.2), (0.1, 0.87, 0), 28, (SIZE, SIZE))
    lights = [(np.array([0.4, 1.0, 1.0]), 0.75), (np.array([-1.0, 0.6, 0.5]), 0.45)]
    renderer, images = Renderer((SIZE, SIZE)), []
    for frame, person in enumerate(points):
        image = np.empty((SIZE, SIZE, 3))
        image[:] = np.linspace(242, 205, SIZE)[:, None, None]
        shade(image, [person], camera)
        rendered, depth = renderer.render(build(body, parts, clothes, frame), camera, lights)
        image[np.isfinite(depth)] = rendered[np.isfinite(depth)][:, ::-1]
        images.append(image.clip(0, 255).astype(np.uint8))
    renderer.close()
    pixels = np.stack([camera.project(person) for person in points])
    inclination = measure_image(pixels, ['right side'] * len(pixels))['trunk_inclination']
    first = -np.argmin(abs(inclination))  # it begins upright
    return np.roll(images, first, 0), np.roll(pixels, first, 0), np.roll(inclination, first)


def predict(images, truth):
    """Return the People of each image, as the shipped model predicts them in ground-truth boxes, with measures."""
    from mmpose.apis import MMPoseInferencer

    from spinepose_mm.io import open_source

    low, high = truth.min(1), truth.max(1)
    boxes = np.concatenate([low - 12, high + 12], axis=1)[:, None]
    inferencer = MMPoseInferencer(pose2d='spinepose-tiny', det_model='whole_image', device='cpu').inferencer
    source = open_source(list(images), frame_rate=FRAME_RATE)
    return [frame.people for frame in inferencer.follow(source, bboxes=list(boxes), smooth=True, measure=True)]


def draw_panel(expected, predicted, now):
    """Return the right half, (H, W, 3), RGB: the trunk inclination up to a frame, degrees, (N,) each."""
    import matplotlib

    matplotlib.use('Agg')
    from matplotlib import pyplot as plt

    figure, plot = plt.subplots(figsize=(SIZE / 100, SIZE / 100), dpi=100, layout='constrained')
    time = np.arange(len(expected)) / FRAME_RATE
    plot.plot(time, expected, color=TRUTH, ls='--', lw=1.5, label='ground truth')
    plot.plot(time[: now + 1], predicted[: now + 1], color=PREDICTED, lw=2.5, label='prediction')
    plot.plot(time[now], predicted[now], 'o', color=PREDICTED, ms=9)
    plot.set(xlim=(0, time[-1] + 0.05), ylim=(-15, 135), xlabel='seconds', yticks=(0, 30, 60, 90))
    plot.set_title(f'Trunk inclination {predicted[now]:3.0f}°', color=INK, fontsize=15, loc='left')
    plot.legend(loc='upper left', frameon=False, fontsize=11)
    plot.spines[['top', 'right']].set_visible(False)
    figure.canvas.draw()
    image = np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()
    plt.close(figure)
    return image


if __name__ == '__main__':
    main()
