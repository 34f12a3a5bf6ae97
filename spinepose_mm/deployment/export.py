"""Models as ONNX files, in the form of the RTMPose SDK's, which rtmlib and the programs on it run.

B is the number of people, K that of keypoints, W and H the size of the input.
"""

from __future__ import annotations

import io
import json
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmpose.apis import init_model
from mmpose.models.heads import RTMCCHead
from mmpose.registry import MODELS
from torch import nn

from spinepose_mm import deprecated, skeleton
from spinepose_mm.io.atomic import locked, replacing
from spinepose_mm.structures.camera import Camera
from spinepose_mm.synthetic import Body, forward, keypoints, sequence
from spinepose_mm.version import __version__
from spinepose_mm.zoo.models import find_config, models

from .channels import swap_channels
from .runtime import INPUT, OUTPUTS, libraries, open_session

if TYPE_CHECKING:
    from mmpose.models.pose_estimators.base import BasePoseEstimator

#: That of the RTMPose SDK's files, so that whatever runs those runs these. It has all operators that the network needs.
OPSET = 11
#: Input pixels by which a keypoint of the file may be off: one place of SimCC at the usual split ratio.
MAX_DIFFERENCE = 0.5
#: How close to its best PyTorch has to rate a place for it to be as good, as a part of the range of its ratings: a
#: rounding error decides between such. With and without half precision, of 10 binary digits.
_TIE = {True: 5e-3, False: 1e-4}


class ExportError(ValueError):
    """A model that ONNX Runtime does not run as PyTorch does."""


def export_onnx(
    model: str | os.PathLike[str],
    weights: str | os.PathLike[str] | None,
    out: str | os.PathLike[str],
    half: bool = False,
    bgr: bool = False,
) -> float:
    """Write a model as an ONNX file, and check it against PyTorch.

    The file takes `input`, (B, 3, H, W), and gives `simcc_x`, (B, K, W * split ratio), and `simcc_y`, (B, K, H * split
    ratio), all float32, for any B. What stands in its metadata: skeleton, keypoint_names, input_size (W, H), mean, std,
    channel_order, simcc_split_ratio, calibration (by which scores become confidence, see `spinepose_mm.confidence`;
    null where none was fitted), the version of this package, and the licence of weights of the zoo.

    Args:
        model: path of a config, or a name or alias of the zoo, of a model with an `RTMCCHead`.
        weights: path or URL of a checkpoint; None for the model's own.
        out: file to write, `.onnx`. It is written whole or not at all.
        half: whether to compute in half precision.
        bgr: what `input` is. An image whose channels are R, G, B, less mean and over std, as the RTMPose SDK feeds it
            and MMPose trains; or, with `bgr`, one whose channels are B, G, R, less the mean of R, G, B and over their
            std, as rtmlib and the programs on it feed what OpenCV reads. The keypoints are the same.

    Returns:
        float: largest error of a keypoint in trial images in input pixels, see `largest_difference`.

    Raises:
        ValueError: there is no such model, it has no weights, its head is no `RTMCCHead` or its input is not RGB.
        CheckpointError: the weights cannot be read, or do not fit.
        ExportError: a keypoint is off by more than MAX_DIFFERENCE.
        BlockingIOError: another run writes the file.
        OSError: the file cannot be written.
        ImportError: onnx or onnxruntime is not installed.
    """
    libraries()  # before what takes longer
    out = Path(out)
    if out.suffix != '.onnx':
        raise ValueError(f'{out}: the name of an ONNX file ends in .onnx')
    config, own_weights = find_config(model)
    weights = weights or own_weights
    if weights is None:
        raise ValueError(f'{model} has no weights of its own; name a checkpoint')
    cfg = Config.fromfile(config)
    _check_config(cfg, model)
    with locked(out):
        network = init_model(cfg, str(weights), device='cpu')
        written = _network_file(network, str(weights), half, bgr)
        difference = _compare(network, open_session(written), half, bgr)
        if not difference <= MAX_DIFFERENCE:
            raise ExportError(
                f'{out} was not written: a keypoint is {difference:.1f} pixels from where PyTorch has it'
                + (', in half precision' if half else '')
            )
        with replacing(out, 'wb') as file:
            file.write(written)
    return difference


def _network_file(network: BasePoseEstimator, weights: str, half: bool, bgr: bool) -> bytes:
    """Return a network as the bytes of its ONNX file."""
    onnx, _ = libraries()
    proto = onnx.load_model_from_string(_trace(network, bgr))
    for output in proto.graph.output:
        output.type.tensor_type.shape.dim[1].dim_value = network.head.out_channels
    if half:
        proto = _halve(proto)
    onnx.helper.set_model_props(proto, _metadata(network, weights, bgr))
    onnx.checker.check_model(proto, full_check=True)
    return proto.SerializeToString()


def _check_config(cfg: Config, name: str | os.PathLike[str]) -> None:
    head, prepared = cfg.model.get('head', {}).get('type', 'nothing'), cfg.model.get('data_preprocessor', {})
    if not issubclass(MODELS.get(head) or object, RTMCCHead):
        raise ValueError(f'{name}: its head is {head}, and only models with an RTMCCHead are written as ONNX files')
    if not (prepared.get('bgr_to_rgb') and prepared.get('mean')):
        raise ValueError(
            f'{name}: data_preprocessor does not make normalised RGB images, which a file of the RTMPose SDK takes'
        )


class _Graph(nn.Module):
    """What the file holds: everything from a normalised image to the logits of SimCC."""

    def __init__(self, network: BasePoseEstimator, bgr: bool) -> None:
        super().__init__()
        normalise = network.data_preprocessor
        self.swap = swap_channels(normalise.mean, normalise.std) if bgr else nn.Identity()
        self.network = network

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.network.head(self.network.extract_feat(self.swap(images)))


def _trace(network: BasePoseEstimator, bgr: bool) -> bytes:
    """Return the model as bytes of an ONNX file.

    By torch's older exporter: the newer one writes operator set 18 at least, which OpenCV does not read and which
    older runtimes lack, and needs onnxscript.
    """
    width, height = network.head.input_size
    written = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # that there is a newer one
        torch.onnx.export(
            _Graph(network, bgr).eval(),
            (torch.zeros(1, 3, height, width),),
            written,  # type: ignore[arg-type]  # a file object will do, with `dynamo=False`
            dynamo=False,
            opset_version=OPSET,
            input_names=[INPUT],
            output_names=list(OUTPUTS),
            dynamic_axes={name: {0: 'batch'} for name in (INPUT, *OUTPUTS)},
        )
    return written.getvalue()


def _halve(proto: Any) -> Any:
    """Return the model computing in half precision; what it takes and gives stays as it is."""
    from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16
    from onnxruntime.transformers.onnx_model import OnnxModel

    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of weights that are too small for half precision
        # A norm adds up squares, which half precision cannot hold from a norm of 256 on.
        proto = convert_float_to_float16(proto, keep_io_types=True, op_block_list=[*DEFAULT_OP_BLOCK_LIST, 'ReduceL2'])
    OnnxModel.graph_topological_sort(proto.graph)  # the converter leaves its casts at the end
    return proto


def _metadata(network: BasePoseEstimator, weights: str, bgr: bool) -> dict[str, str]:
    meta, head, normalise = network.dataset_meta, network.head, network.cfg.model.data_preprocessor
    calibration = getattr(head, 'calibration', None)
    lists = dict(
        keypoint_names=[meta['keypoint_id2name'][i] for i in range(head.out_channels)],
        input_size=list(head.input_size),
        mean=list(normalise.mean),
        std=list(normalise.std),
        simcc_split_ratio=head.simcc_split_ratio,
        calibration=calibration and calibration._asdict(),
    )
    licence = next((model['License'] for model in models() if _is(weights, model['Weights'])), None)
    words = dict(skeleton=meta['dataset_name'], channel_order='BGR' if bgr else 'RGB', spinepose_mm=__version__)
    return (
        {name: json.dumps(value) for name, value in lists.items()} | words | ({'license': licence} if licence else {})
    )


def _is(weights: str, known: str) -> bool:
    """Return whether weights are those of the zoo, or a copy that was downloaded from there."""
    return weights == known or '://' in known and Path(weights).name == Path(known).name


def _compare(network: BasePoseEstimator, session: Any, half: bool, bgr: bool) -> float:
    """Return by how much the file differs from PyTorch on trial images, one of them alone and several at once."""
    mean, std = (getattr(network.data_preprocessor, name).numpy() for name in ('mean', 'std'))
    images = _trial_images(network.head.input_size).transpose(0, 3, 1, 2)
    right, wrong = ((order - mean) / std for order in (images[:, ::-1], images))
    with torch.no_grad():
        output = network.head(network.extract_feat(torch.from_numpy(right.astype(np.float32))))
    reference = [axis.numpy() for axis in output]
    fed = (wrong if bgr else right).astype(np.float32)
    differences = []
    for count in (1, len(fed)):
        compared = session.run(OUTPUTS, {INPUT: fed[:count]})
        expected = [axis[:count] for axis in reference]
        differences.append(largest_difference(expected, compared, network.head.simcc_split_ratio, _TIE[half]))
    return max(differences)


@deprecated.arguments(truth='reference', found='compared')
def largest_difference(
    reference: Sequence[np.ndarray], compared: Sequence[np.ndarray], split_ratio: float, tie: float
) -> float:
    """Return how far a keypoint of `compared` is at most from the nearest place among the best of `reference`.

    Args:
        reference, compared: logits along x and y, (B, K, number of places) each.
        split_ratio: places per pixel.
        tie: how far below its best a place may be, as a part of the range of a keypoint's logits along an axis.

    Returns:
        float: input pixels.
    """
    off = []
    for expected, actual in zip(reference, compared):
        best = expected.max(-1, keepdims=True)
        good = expected >= best - tie * (best - expected.min(-1, keepdims=True))
        away = np.abs(np.arange(expected.shape[-1]) - actual.argmax(-1)[..., None])
        off.append(np.where(good, away, np.inf).min(-1) / split_ratio)
    return float(np.hypot(*off).max())


def _trial_images(size: tuple[int, int], count: int = 4) -> np.ndarray:
    """Return images of a synthetic person who walks, drawn in thick lines, (count, H, W, 3), uint8."""
    rng, width = np.random.default_rng(0), size[0]
    body = Body.sample(rng)
    points = keypoints(body, forward(body, sequence('walk', body, rng)))
    camera = Camera.looking([3, 1.2, 1.5], [0, 0.9, 0], 40, size)
    images = []
    for pose in camera.project(points[np.linspace(0, len(points) - 1, count, dtype=int)]).round().astype(int):
        image = cv2.resize(rng.integers(0, 256, (4, 3, 3), dtype=np.uint8), size, interpolation=cv2.INTER_CUBIC)
        color = rng.integers(0, 256, 3).tolist()
        for ends in skeleton.BONES:
            start, end = (pose[skeleton.index(name)].tolist() for name in ends)
            cv2.line(image, start, end, color, width // 16)
        images.append(image)
    return np.stack(images)
