"""ONNX files in MMPose: its own preparation, flip test and decoding, with ONNX Runtime in between.

Two kinds of networks run so: those from an image to SimCC's logits, and lifters of single frames.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from mmengine.logging import print_log
from mmpose.models.heads import RTMCCHead, TemporalRegressionHead
from torch import nn

from spinepose_mm import skeleton
from spinepose_mm.confidence import read_calibration
from spinepose_mm.deployment.threads import one_torch_thread
from spinepose_mm.io.reading import is_number, reading
from spinepose_mm.zoo.checkpoints import CheckpointError

from .channels import swap_channels

if TYPE_CHECKING:
    from mmpose.models.pose_estimators.base import BasePoseEstimator

#: Names in the files of the RTMPose SDK.
INPUT, OUTPUTS = 'input', ('simcc_x', 'simcc_y')
#: Fields of the metadata that are JSON: what a field lists, how many of them, and a check of one.
_METADATA = dict(
    keypoint_names=('names', None, lambda value: isinstance(value, str)),
    mean=('3 numbers', 3, is_number),
    std=('3 numbers', 3, is_number),
    input_size=('2 whole numbers', 2, lambda value: type(value) is int and value > 0),
)


def libraries() -> tuple[ModuleType, ModuleType]:
    """Return the modules onnx and onnxruntime.

    Raises:
        ImportError: one is not installed.
    """
    try:
        import onnx
        import onnxruntime
    except ImportError as error:
        raise ImportError(f'ONNX files take two more packages: pip install onnx onnxruntime ({error})') from error
    return onnx, onnxruntime


def open_session(file: str | bytes, device: str | torch.device = 'cpu', threads: int | None = None) -> Any:
    """Return an ONNX Runtime session of a file's path or bytes.

    It has `threads`, or else as many as torch, which knows how many cores this process may use; left alone, ONNX
    Runtime takes all of the machine's. On a CUDA device it needs onnxruntime-gpu, without which the CPU runs it, with a
    warning.
    """
    onnxruntime = libraries()[1]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or torch.get_num_threads()
    options.log_severity_level = 3  # errors alone
    # Threads that spin between layers are faster than those that are woken up, but by default they go on for tens of
    # milliseconds after the last layer, on cores that something else could use.
    options.add_session_config_entry('session.intra_op.spin_duration_us', '1000')
    providers: list[str | tuple[str, dict[str, int]]] = ['CPUExecutionProvider']
    device = torch.device(device)
    if device.type == 'cuda':
        if 'CUDAExecutionProvider' in onnxruntime.get_available_providers():
            providers.insert(0, ('CUDAExecutionProvider', dict(device_id=device.index or 0)))
        else:
            print_log(
                'this onnxruntime has no CUDA, so that the CPU runs the ONNX file; install onnxruntime-gpu in '
                'its place',
                'current',
                logging.WARNING,
            )
    return onnxruntime.InferenceSession(file, options, providers=providers)


def run_onnx(model: BasePoseEstimator, path: str | os.PathLike[str]) -> None:
    """Let the network of an ONNX file take the place of a model's backbone, neck and head.

    The model keeps its preparation of images, its flip test and its decoding; the calibration of its
    confidence is the file's where it has one, since that belongs to the weights. A file for BGR images, as
    `export_onnx` writes it with `bgr`, is given such.

    Args:
        model: an estimator of MMPose's with an `RTMCCHead`, or a `PoseLifter` of single frames with a
            `TemporalRegressionHead`, whatever its weights.
        path: of a file such as `export_onnx` writes, or one of the RTMPose SDK; for a lifter, one with the signature of
            the SIMSPINE authors'.

    Raises:
        FileNotFoundError: there is no such file.
        CheckpointError: it is broken, or does not fit the model.
        ImportError: onnx or onnxruntime is not installed.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f'ONNX file {path} does not exist')
    head: Any = getattr(model, 'head', None)
    if isinstance(head, RTMCCHead):
        network: _Network | _Lifter = _Network(path, model)
    elif type(head) is TemporalRegressionHead:  # others, of this package too, predict more than a pose
        network = _Lifter(path)
    else:
        raise CheckpointError(
            f'{path}: an ONNX file runs in the place of a model with an RTMCCHead, or of a lifter '
            f'with a TemporalRegressionHead, not with a {type(head).__name__}'
        )
    model.backbone, model.neck, head.forward = nn.Identity(), None, network
    # What it leaves to torch is little.
    model.test_step = one_torch_thread()(model.test_step)


def open_file(path: str | os.PathLike[str], **options: Any) -> Any:
    """Return the session of a file as `open_session`, or raise CheckpointError where it is none."""
    with reading(path, 'is no ONNX file that onnxruntime can run', raised=CheckpointError):
        return open_session(str(path), **options)


def read_metadata(path: str | os.PathLike[str], said: Mapping[str, str]) -> dict[str, Any]:
    """Return the metadata of an ONNX file that are numbers and names, each where the file has it.

    Args:
        path: of the file, for the errors.
        said: {field: text}.

    Returns:
        dict: `keypoint_names`, a list of text, `mean` and `std` of three numbers, `input_size`, two whole numbers, and
            `calibration`, a Calibration or None.

    Raises:
        CheckpointError: a field is none of these.
    """
    metadata: dict[str, Any] = {}
    for field, (what, count, fits) in _METADATA.items():
        if field not in said:
            continue
        with reading(path, 'is no JSON', f'its metadata {field}', CheckpointError):
            metadata[field] = values = json.loads(said[field])
        if not (isinstance(values, list) and all(map(fits, values)) and count in (None, len(values))):
            raise CheckpointError(
                f'{path}: its metadata {field} is {said[field][:80]}, where a list of {what} is expected'
            )
    if 'calibration' in said:
        with reading(path, 'is wrong', 'its metadata calibration', CheckpointError):
            metadata['calibration'] = read_calibration(json.loads(said['calibration']), 'found')
    return metadata


class _Lifter:
    """The lifter of an ONNX file: it takes keypoints in normalised camera space, zero where they are not visible, in
    shape (N, 37, 2), and gives them in 3D in the camera's axes, in any unit, (N, 37, 3).

    It is called with what MMPose's `PoseLifter` gives a backbone, (N, 74, 1), for poses relative to S1. It runs on the
    CPU and on one thread: more would take longer to wake up than it takes.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.session = path, open_file(path, threads=1)
        inputs, outputs = self.session.get_inputs(), self.session.get_outputs()
        self.input, points = inputs[0].name, np.zeros((2, skeleton.NUM_KEYPOINTS, 2), np.float32)
        expected = (
            f'a lifter takes {points.shape[1:]} and gives {(*points.shape[1:-1], 3)} for each of any number of people'
        )
        if len(inputs) != 1 or len(outputs) != 1:
            raise CheckpointError(f'{path} has {len(inputs)} inputs and {len(outputs)} outputs, where {expected}')
        try:
            shape = self.session.run(None, {self.input: points})[0].shape
        except Exception as error:
            raise CheckpointError(
                f'{path} takes {inputs[0].type} in shape {inputs[0].shape}, where {expected}: {error}'
            ) from error
        if shape != (*points.shape[:-1], 3):
            raise CheckpointError(f'{path} gives the shape {shape} for two people, where {expected}')

    def __call__(self, inputs: torch.Tensor) -> torch.Tensor:
        if inputs.shape[1:] != (2 * skeleton.NUM_KEYPOINTS, 1):
            raise CheckpointError(
                f'{self.path} lifts {skeleton.NUM_KEYPOINTS} keypoints of single frames, and was '
                f'given {tuple(inputs.shape)}'
            )
        points = inputs.detach().float().cpu().numpy().reshape(-1, skeleton.NUM_KEYPOINTS, 2)
        poses = self.session.run(None, {self.input: points})[0]
        return torch.from_numpy(poses - poses[:, [skeleton.ROOT]]).to(inputs.device)


class _Network:
    """The network of an ONNX file, called with normalised RGB images (N, 3, H, W) for the logits of SimCC.

    Threads that share the work on each layer wait for each other after each, and much longer where another program
    has one of their cores. So on a CPU, of T threads, each takes people of its own, and together they take the rest
    when fewer than T are left.
    """

    def __init__(self, path: Path, model: BasePoseEstimator) -> None:
        self.path, self.session = path, open_file(path)
        self.device, self.threads = torch.device('cpu'), torch.get_num_threads()
        self._check_shapes(model.head)
        self.swap = self._compare_metadata(model)

    def __call__(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        if images.device != self.device:
            self.device = images.device
            self.session = open_session(str(self.path), self.device, self.threads)
        output = self._run(self.swap(images.detach().float().cpu()).numpy())
        return tuple(torch.from_numpy(axis).to(images.device) for axis in output)

    def _run(self, images: np.ndarray) -> list[np.ndarray]:
        split = len(images) // self.threads * self.threads if self.device.type == 'cpu' and self.threads > 1 else 0
        apart = [images[i : i + 1] for i in range(split)]
        outputs = list(self._each(apart)) if apart else []
        if split < len(images):
            outputs.append(self.session.run(OUTPUTS, {INPUT: images[split:]}))
        return [np.concatenate(axis) for axis in zip(*outputs)]

    @cached_property
    def _each(self) -> Callable[[list[np.ndarray]], Iterable[list[np.ndarray]]]:
        """A function that runs several inputs at the same time, each on one thread."""
        session, pool = open_session(str(self.path), threads=1), ThreadPoolExecutor(self.threads)
        return lambda inputs: pool.map(lambda one: session.run(OUTPUTS, {INPUT: one}), inputs)

    def _check_shapes(self, head: RTMCCHead) -> None:
        inputs = {entry.name: entry.shape for entry in self.session.get_inputs()}
        outputs = {entry.name for entry in self.session.get_outputs()}
        if inputs.keys() != {INPUT} or outputs != set(OUTPUTS):
            raise CheckpointError(
                f'{self.path} takes {", ".join(inputs)} and gives {", ".join(sorted(outputs))}, '
                f'where a file of the RTMPose SDK takes {INPUT} and gives {" and ".join(OUTPUTS)}'
            )
        width, height = head.input_size
        if inputs[INPUT][1:] != [3, height, width]:
            raise CheckpointError(
                f'{self.path} takes images of the shape {inputs[INPUT]}, and the config has '
                f'{width}x{height} pixels (w x h)'
            )
        try:
            output = self.session.run(OUTPUTS, {INPUT: np.zeros((2, 3, height, width), np.float32)})
        except Exception as error:
            raise CheckpointError(f'{self.path} does not run on two people at once: {error}') from error
        for axis, size, name in zip(output, head.input_size, OUTPUTS):
            expected = (2, head.out_channels, int(size * head.simcc_split_ratio))
            if axis.shape != expected:
                raise CheckpointError(
                    f'{self.path} is of another model: {name} has the shape {axis.shape}, and the '
                    f'config {expected} (people, keypoints, places)'
                )

    def _compare_metadata(self, model: BasePoseEstimator) -> Callable[[torch.Tensor], torch.Tensor]:
        """Compare what the file says of itself, and return the layer to be put before it."""
        said = self.session.get_modelmeta().custom_metadata_map
        lists = read_metadata(self.path, said)
        count, names = model.head.out_channels, lists.get('keypoint_names')
        if names and count in skeleton.LAYOUTS and tuple(names) != skeleton.NAMES[:count]:
            raise CheckpointError(
                f"{self.path} predicts other keypoints than {skeleton.LAYOUTS[count]}'s, or in another order"
            )
        own = {name: getattr(model.data_preprocessor, name).flatten().tolist() for name in ('mean', 'std')}
        for name, values in own.items():
            if name in lists and not np.allclose(lists[name], values):
                raise CheckpointError(f'{self.path}: {name} is {lists[name]}, and {values} in the config')
        if 'calibration' in lists:
            model.head.calibration = lists['calibration']
        order = said.get('channel_order', 'RGB')
        if order not in ('RGB', 'BGR'):
            raise CheckpointError(f'{self.path}: channel_order is {order!r}, and neither RGB nor BGR')
        if order == 'RGB':
            return nn.Identity()
        layer = swap_channels(**own)
        assert layer.bias is not None  # as nn.Conv2d has it by default
        factor, offset = layer.weight.sum((1, 2, 3), keepdim=True)[:, 0], layer.bias[:, None, None]
        # The same as the layer's convolution, without the calls that this takes.
        return lambda images: images.flip(1).mul_(factor).add_(offset)
