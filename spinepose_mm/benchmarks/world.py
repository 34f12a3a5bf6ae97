"""Accuracy of people's positions in the world, on moving synthetic bodies with ground truth.

    spinepose_mm benchmark world --noise 2 --lifter spinepose-lifter

The people's heights and the camera are known. Errors are those of the up direction, and mean ones of the keypoints'
places in the world of `spinepose_mm.lifting`, once it is settled; the table has their median, 90th percentile and
maximum over scenes.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable

import numpy as np
import torch
from mmengine.config import Config
from mmpose.apis import init_model
from tqdm import tqdm

from spinepose_mm import skeleton
from spinepose_mm.lifting.space import Space
from spinepose_mm.lifting.world import world_axes
from spinepose_mm.structures.camera import Camera
from spinepose_mm.synthetic.motion import MOTIONS
from spinepose_mm.synthetic.poses import stage
from spinepose_mm.zoo.models import find_config

#: From pixels (T, P, 37, 2), scores (T, P, 37) and the camera to points (T, P, 37, 3).
_Lift = Callable[[np.ndarray, np.ndarray, Camera], np.ndarray]


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        '--motions',
        nargs='+',
        default=['stand', 'walk', 'deadlift', 'squat', 'sit', 'jump', 'lie'],
        metavar='NAME',
        help='what the people do',
    )
    parser.add_argument('--people', nargs='+', type=int, default=[1, 2, 4], help='how many people are in a scene')
    parser.add_argument('--scenes', type=int, default=20, help='of each kind')
    parser.add_argument('--frames', type=int, default=60, help='of each scene, at 15 a second')
    parser.add_argument('--noise', type=float, default=0.0, help='of the keypoints in the image, pixels')
    parser.add_argument('--no-feet', action='store_true', help='the feet are not visible')
    parser.add_argument('--lifter', metavar='MODEL[=CHECKPOINT]', help='lift the keypoints, in place of the 3D labels')


def run(args: Namespace) -> None:
    """Print the table, row by row.

    Raises:
        ValueError: there is no such motion, or no such lifter.
    """
    unknown = sorted(set(args.motions) - set(MOTIONS))
    if unknown:
        raise ValueError(f'--motions: there is no {unknown[0]}, but {", ".join(MOTIONS)}')
    lift = _lifter(args.lifter) if args.lifter else None
    print(
        '| Motion | People | Up: median (°) | 90% | worst | World: median (cm) | 90% | worst |\n'
        '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |'
    )
    for motion in args.motions:
        for people in args.people:
            errors = np.array(
                [
                    _errors(seed, motion, people, args, lift)
                    for seed in tqdm(range(args.scenes), leave=False, file=sys.stderr)
                ]
            )
            values = [
                f'{value:.1f}'
                for column in errors.T
                for value in (np.median(column), np.quantile(column, 0.9), column.max())
            ]
            print(f'| {motion} | {people} | ' + ' | '.join(values) + ' |', flush=True)


def _errors(seed: int, motion: str, people: int, args: Namespace, lift: _Lift | None) -> tuple[float, float]:
    """Return a scene's errors of the up direction in degrees, and of the places in centimetres."""
    hip, feet = skeleton.index('S1'), [name.endswith(('toe', 'heel', 'ankle')) for name in skeleton.NAMES]
    rng = np.random.default_rng([seed, people])
    points, heights, camera = stage(rng, motion, people, args.frames)
    truth = camera.to_camera(points)
    pixels = camera.project(points) + rng.normal(0, 1, (*points.shape[:3], 2)) * args.noise
    scores = np.ones(points.shape[:3])
    if args.no_feet:
        scores[..., feet] = 0
    poses = lift(pixels, scores, camera) if lift else truth
    space = Space(camera, 'world', dict(enumerate(heights)), warm_up=args.frames)
    for frame in range(args.frames):
        space.update(range(people), poses[frame], pixels[frame], scores[frame])
    # Once more, with the world of the warm-up.
    placed = np.stack(
        [
            space.update(range(people), poses[frame], pixels[frame], scores[frame]).keypoints
            for frame in range(args.frames)
        ]
    )
    world = space.world
    assert world is not None and world.R is not None  # the warm-up is over
    up = camera.R[:, 1]
    camera_height = -(camera.R.T @ camera.t)[1]
    R, t = world_axes(up, truth[0, 0, hip] - up * (truth[0, 0, hip] @ up + camera_height))
    return (
        np.degrees(np.arccos(np.clip(world.R[1] @ up, -1, 1))),
        100 * np.linalg.norm(placed - (truth @ R.T + t), axis=-1).mean(),
    )


def _lifter(name: str) -> _Lift:
    """Return a function of pixels (T, P, 37, 2), scores and the camera that lifts them, frame by frame."""
    model, _, checkpoint = name.partition('=')
    config, weights = find_config(model)
    cfg = Config.fromfile(config)
    if cfg.get('inferencer') != 'SpinePose3DInferencer' or cfg.get('seq_len', 1) > 1:
        raise ValueError(f'{model} is no lifter of single frames')
    network = init_model(cfg, checkpoint or weights, 'cpu')

    @torch.no_grad()
    def lift(pixels: np.ndarray, scores: np.ndarray, camera: Camera) -> np.ndarray:
        rays = np.where(scores[..., None] > 0, camera.rays(pixels), 0)
        inputs = torch.from_numpy(rays.reshape(-1, 2 * skeleton.NUM_KEYPOINTS, 1)).float()
        return network(inputs, None, mode='tensor')[..., :3].numpy().reshape(*pixels.shape[:3], 3)

    return lift
