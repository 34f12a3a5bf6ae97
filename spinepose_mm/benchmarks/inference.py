"""Benchmark of inference on an image file and on a video, beside rtmlib, the official package and MMPose."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spinepose_mm.wording import counted

from .pairs import Comparison, compare, table

if TYPE_CHECKING:
    from mmengine.config import Config

_SIZE = 1920, 1080
_GRAIN = 2  # grey levels of noise: a file of about as many bits a pixel as a camera's
_AGREE, _WITHIN = 0.95, 1.0  # part of the keypoints that are to be within so many pixels; rounding decides between ties
_DETECTOR = 'rtmdet_tiny_8xb32-300e_coco'  # MMDetection's smallest
_REPEATS = 4  # images in a row, since caches are cold for the first after a pause
_PAUSE = 0.06  # seconds after which no thread of the side before is spinning, as ONNX Runtime's do for .03


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--config', default='spinepose_v2_medium.py', help='file of the model, or its name')
    parser.add_argument('--weights', help='its checkpoint (random weights)')
    parser.add_argument('--image', help='image file (a synthetic JPEG of 1920x1080)')
    parser.add_argument('--people', type=int, nargs='+', default=[1, 2, 5, 10], help='in the image (1 2 5 10)')
    parser.add_argument('--threads', type=int, help='of all sides: cores that they are kept on (all; Linux only)')
    parser.add_argument('--rounds', type=int, default=12, help='of four images (12); a third of them, of the video')
    parser.add_argument('--frames', type=int, default=20, help='of the video (20); 0: no video')


def run(args: argparse.Namespace) -> str:
    """Return the tables of images and of a video.

    Raises:
        ValueError: the sides predict different keypoints.
    """
    from mmengine.registry import init_default_scope

    init_default_scope('mmpose')
    with tempfile.TemporaryDirectory() as temporary, _threads(args.threads) as threads:
        folder = Path(temporary)
        image, box = _make_image(folder)
        cfg, weights, onnx = _model(args, folder)
        sides = _sides(cfg, weights, onnx, args.image or str(image), threads)
        images = [
            _compare_images(sides, _boxes(people, args.image or str(image)), args.rounds) for people in args.people
        ]
        text = (
            f'{args.config} with {"its" if args.weights else "random"} weights, CPU, {threads} threads for each '
            f'side, from file to keypoints\n\n{table(images, "image")}'
        )
        if args.frames:
            video = _compare_video(image, box, folder, args.frames, max(1, args.rounds // 3))
            text += (
                f'\n\nA video of {_SIZE[0]}x{_SIZE[1]}, one person, spinepose-tiny and {_DETECTOR} in PyTorch\n\n'
                f'{table([video], "frame")}'
            )
    return text


@contextlib.contextmanager
def _threads(count: int | None) -> Iterator[int]:
    """Keep this process on some cores, and give torch and OpenCV as many threads as there are of them."""
    import cv2
    import torch

    cores, torchs, cv2s = os.sched_getaffinity(0), torch.get_num_threads(), cv2.getNumThreads()
    count = min(count or len(cores), len(cores))
    os.sched_setaffinity(0, sorted(cores)[:count])
    torch.set_num_threads(count)
    cv2.setNumThreads(count)
    try:
        yield count
    finally:
        os.sched_setaffinity(0, cores)
        torch.set_num_threads(torchs)
        cv2.setNumThreads(cv2s)


def _make_image(folder: Path) -> tuple[Path, list[float]]:
    """Return the path of a rendered JPEG, and the box x1, y1, x2, y2 of the person in it."""
    import cv2

    from spinepose_mm.io.image import read_image
    from spinepose_mm.synthetic import Settings, synthesize

    synthesize(folder, Settings(1, 'made', 3, size=_SIZE), workers=1)
    made = json.loads((folder / 'annotations/person_keypoints_made.json').read_text())
    x, y, width, height = made['annotations'][0]['bbox']
    path = folder / 'images/made' / made['images'][0]['file_name']
    image = read_image(path)
    noise = np.random.default_rng(0).normal(0, _GRAIN, image.shape)
    cv2.imwrite(str(path), (image + noise).round().clip(0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 92])
    return path, [x, y, x + width, y + height]


def _boxes(people: int, image: str) -> np.ndarray:
    """Return boxes of upright people side by side, (P, 4)."""
    from spinepose_mm.io.image import read_image

    height, width = read_image(image).shape[:2]
    left = (np.arange(people) + 0.1) * width / people
    wide = min(0.8 * width / people, 0.3 * height)
    return np.column_stack([left, np.full(people, 0.15 * height), left + wide, np.full(people, 0.85 * height)])


def _model(args: argparse.Namespace, folder: Path) -> tuple[Config, str, str]:
    """Return a config, its checkpoint and the same as an ONNX file, as rtmlib and the official package take it."""
    from mmengine.config import Config
    from mmengine.runner import save_checkpoint
    from mmpose.apis import init_model

    from spinepose_mm.deployment.export import export_onnx
    from spinepose_mm.zoo.models import find_config

    path = find_config(args.config)[0]
    cfg = Config.fromfile(path)
    cfg.model.update(init_cfg=None, teacher=None)
    weights = args.weights
    if weights is None:
        weights = str(folder / 'random.pth')
        save_checkpoint(dict(state_dict=init_model(cfg, None, 'cpu').state_dict()), weights)
    export_onnx(path, weights, folder / 'model.onnx', bgr=True)
    return cfg, weights, str(folder / 'model.onnx')


def _sides(
    cfg: Config, weights: str, onnx: str, image: str, threads: int
) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Return {side: function from boxes (P, 4) to keypoints (P, 37, 2)}; packages that are absent are left out."""
    import cv2

    from spinepose_mm.inference import SpinePoseInferencer

    sides: dict[str, Callable[[np.ndarray], np.ndarray]] = {}
    size = tuple(cfg.codec.input_size)

    def others(boxes: np.ndarray, estimate: Callable[..., Any]) -> np.ndarray:
        return estimate(cv2.imread(image), boxes)[0]

    for name, make in {'rtmlib': _rtmlib, 'official spinepose': _official}.items():
        try:
            with contextlib.redirect_stdout(sys.stderr):
                estimate = make(onnx, size, threads)
        except ImportError as error:
            print(f'{name} is left out: {error}', file=sys.stderr)
        else:
            sides[name] = partial(others, estimate=estimate)
    sides['MMPose'] = _mmpose(cfg, weights, image)

    def own(boxes: np.ndarray, inferencer: Any, flip_test: bool) -> np.ndarray:
        (result,) = inferencer(image, bboxes=boxes, flip_test=flip_test)
        return np.array([person['keypoints'] for person in result['predictions'][0]])

    for name, file in (('PyTorch', weights), ('ONNX', onnx)):
        inferencer = SpinePoseInferencer(cfg, file, 'cpu', det_model='whole_image')
        sides[f'this package, {name}'] = partial(own, inferencer=inferencer, flip_test=False)
    sides['this package, ONNX, flip test'] = partial(own, inferencer=inferencer, flip_test=True)
    return sides


def _rtmlib(onnx: str, size: tuple[int, int], threads: int) -> Callable[..., Any]:
    from rtmlib import RTMPose

    model = RTMPose(onnx, size, backend='onnxruntime', device='cpu')
    model.session = _session(onnx, threads)
    return model


def _official(onnx: str, size: tuple[int, int], threads: int) -> Callable[..., Any]:
    """Return the official estimator's `estimate`, with the file in the place of those that it fetches.

    So it is for its detector too, which has to be there, and never runs on boxes that are given.
    """
    from spinepose import SpinePoseEstimator

    class Estimator(SpinePoseEstimator):
        MODE = {'file': dict(pose=onnx, pose_input_size=size, det_rfdetr=onnx, det_rfdetr_input_size=size)}

    estimator = Estimator('file', hardware_acceleration=False)
    estimator.pose_model.session = _session(onnx, threads)
    return estimator.estimate


def _session(onnx: str, threads: int) -> Any:
    """Return a session as both packages open it, but for the number of threads, which is the machine's cores there."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(onnx, options, providers=['CPUExecutionProvider'])


def _mmpose(cfg: Config, weights: str, image: str) -> Callable[[np.ndarray], np.ndarray]:
    import mmcv
    from mmpose.apis import inference_topdown, init_model

    cfg = cfg.copy()
    cfg.model.test_cfg.flip_test = False
    cfg.test_dataloader.dataset.pipeline = [
        dict(type='LoadImage'),
        dict(type='GetBBoxCenterScale'),
        dict(type='TopdownAffine', input_size=cfg.codec.input_size),
        dict(type='PackPoseInputs'),
    ]
    model = init_model(cfg, weights, 'cpu')
    return lambda boxes: np.concatenate(
        [sample.pred_instances.keypoints for sample in inference_topdown(model, mmcv.imread(image), boxes)]
    )


def _compare_images(
    sides: Mapping[str, Callable[[np.ndarray], np.ndarray]], boxes: np.ndarray, rounds: int
) -> Comparison:
    first = next(iter(sides))
    expected = sides[first](boxes)
    for name, predict in sides.items():
        near = np.linalg.norm(predict(boxes) - expected, axis=-1) <= _WITHIN
        if 'flip test' not in name and not near.mean() >= _AGREE:
            raise ValueError(f'{name} predicts {1 - near.mean():.0%} of the keypoints elsewhere than {first}')
    case = counted(len(boxes), 'person')

    def repeat(predict: Callable[[np.ndarray], np.ndarray]) -> None:
        for _ in range(_REPEATS):
            predict(boxes)

    return compare(
        case, {name: partial(repeat, predict) for name, predict in sides.items()}, rounds, _REPEATS, pause=_PAUSE
    )


def _write_video(path: str, image: np.ndarray, frames: int) -> None:
    """Write a video of an image that moves sideways."""
    import cv2

    writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*'mp4v'), 30, _SIZE)
    for number in range(frames):
        writer.write(np.roll(image, 2 * number, axis=1))
    writer.release()


def _compare_video(image: Path, box: Sequence[float], folder: Path, frames: int, rounds: int) -> Comparison:
    """Compare ways to process a video of a person who moves sideways, per frame."""
    import mmdet

    from spinepose_mm.inference import SpinePoseInferencer, open_source
    from spinepose_mm.io.image import read_image

    path = str(folder / 'video.mp4')
    _write_video(path, read_image(image), frames)
    detector = Path(mmdet.__file__).parent / '.mim/configs/rtmdet' / f'{_DETECTOR}.py'
    inferencer = SpinePoseInferencer('spinepose-tiny', None, 'cpu', det_model=str(detector))
    stock, around = inferencer.detect, np.array([[*box, 1.0]]) + [0, 0, 2 * frames, 0, 0]

    def detect(*args: Any) -> np.ndarray:
        stock(*args)  # which has random weights, and detects no people
        return around

    inferencer.detect = detect  # type: ignore[method-assign]  # a stand-in for its own

    def go(prefetches: bool = True, overlaps: bool = False, **options: Any) -> None:
        source, inferencer.overlaps = open_source(path), overlaps
        source.prefetches = prefetches
        counts = [len(frame.people) for frame in inferencer.follow(source, flip_test=False, **options)]
        if counts != [1] * frames:
            raise ValueError(f'{counts} people are detected in the frames of the video, where there is one in each')

    return compare(
        counted(frames, 'frame'),
        {
            'detector on every frame': partial(go, prefetches=False),
            '… and frames prefetched': go,
            '… and the detector in parallel with the network': partial(go, overlaps=True),
            'frames prefetched, detector on every 5th': partial(go, detect_every=5),
        },
        rounds,
        items=frames,
        pause=_PAUSE,
    )
