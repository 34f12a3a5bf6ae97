"""ONNX files in MMPose: its own preparation, flip test and decoding, with ONNX Runtime in between."""
import json
import logging
from pathlib import Path

import numpy as np
import torch
from mmengine.logging import print_log
from mmpose.models.heads import RTMCCHead
from torch import nn

from spinepose_mm import skeleton
from spinepose_mm.interop.checkpoints import CheckpointError

from .channels import swap_channels

#: Names in the files of the RTMPose SDK.
INPUT, OUTPUTS = 'input', ('simcc_x', 'simcc_y')


def libraries():
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


def open_session(file, device=torch.device('cpu')):
    """Return an ONNX Runtime session of a file's path or bytes.

    It has as many threads as torch, which knows how many cores this process may use; left alone, ONNX Runtime takes all
    of the machine's. On a CUDA device it needs onnxruntime-gpu, without which the CPU runs it, with a warning.
    """
    onnxruntime = libraries()[1]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3  # errors alone
    providers = ['CPUExecutionProvider']
    if device.type == 'cuda':
        if 'CUDAExecutionProvider' in onnxruntime.get_available_providers():
            providers.insert(0, ('CUDAExecutionProvider', dict(device_id=device.index or 0)))
        else:
            print_log('this onnxruntime has no CUDA, so that the CPU runs the ONNX file; install onnxruntime-gpu in '
                      'its place', 'current', logging.WARNING)
    return onnxruntime.InferenceSession(file, options, providers=providers)


def run_onnx(model, path):
    """Let the network of an ONNX file take the place of a model's backbone, neck and head.

    The model keeps its preparation of pictures, its flip test and its decoding. A file whose pictures are BGR, as
    `export_onnx` writes it with `bgr`, is given such.

    Args:
        model: an estimator of MMPose's with an `RTMCCHead`, whatever its weights.
        path: of a file such as `export_onnx` writes, or one of the RTMPose SDK.

    Raises:
        FileNotFoundError: there is no such file.
        CheckpointError: it is broken, or does not fit the model.
        ImportError: onnx or onnxruntime is not installed.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f'ONNX file {path} does not exist')
    head = getattr(model, 'head', None)
    if not isinstance(head, RTMCCHead):
        raise CheckpointError(f'{path}: an ONNX file runs in the place of a model with an RTMCCHead, not with a '
                              f'{type(head).__name__}')
    network = _Network(path, model)
    model.backbone, model.neck, head.forward = nn.Identity(), None, network


class _Network:
    """The network of an ONNX file, called with normalised RGB pictures (N, 3, H, W) for the logits of SimCC."""

    def __init__(self, path, model):
        libraries()
        self.path = path
        self.device = torch.device('cpu')
        try:
            self.session = open_session(str(path))
        except Exception as error:  # onnxruntime has an exception of its own for each kind of broken file
            raise CheckpointError(f'{path} is no ONNX file that onnxruntime can run: {error}') from error
        self._check_shapes(model.head)
        self.swap = self._read_metadata(model)

    def __call__(self, pictures):
        if pictures.device != self.device:
            self.session, self.device = open_session(str(self.path), pictures.device), pictures.device
        found = self.session.run(OUTPUTS, {INPUT: self.swap(pictures.detach().float().cpu()).numpy()})
        return tuple(torch.from_numpy(axis).to(pictures.device) for axis in found)

    def _check_shapes(self, head):
        inputs = {entry.name: entry.shape for entry in self.session.get_inputs()}
        outputs = {entry.name for entry in self.session.get_outputs()}
        if inputs.keys() != {INPUT} or outputs != set(OUTPUTS):
            raise CheckpointError(f'{self.path} takes {", ".join(inputs)} and gives {", ".join(sorted(outputs))}, '
                                  f'where a file of the RTMPose SDK takes {INPUT} and gives {" and ".join(OUTPUTS)}')
        width, height = head.input_size
        if inputs[INPUT][1:] != [3, height, width]:
            raise CheckpointError(f'{self.path} takes pictures of the shape {inputs[INPUT]}, and the config has '
                                  f'{width}x{height} pixels (w x h)')
        try:
            found = self.session.run(OUTPUTS, {INPUT: np.zeros((2, 3, height, width), np.float32)})
        except Exception as error:
            raise CheckpointError(f'{self.path} does not run on two people at once: {error}') from error
        for axis, size, name in zip(found, head.input_size, OUTPUTS):
            expected = (2, head.out_channels, int(size * head.simcc_split_ratio))
            if axis.shape != expected:
                raise CheckpointError(f'{self.path} is of another model: {name} has the shape {axis.shape}, and the '
                                      f'config {expected} (people, keypoints, places)')

    def _read_metadata(self, model):
        """Compare what the file says of itself, and return the layer to be put before it."""
        said = self.session.get_modelmeta().custom_metadata_map
        try:
            lists = {key: json.loads(said[key]) for key in ('keypoint_names', 'mean', 'std') if key in said}
        except ValueError as error:
            raise CheckpointError(f'{self.path}: its metadata are no JSON: {error}') from error
        count, names = model.head.out_channels, lists.get('keypoint_names')
        if names and count in skeleton.LAYOUTS and tuple(names) != skeleton.NAMES[:count]:
            raise CheckpointError(f'{self.path} predicts other keypoints than {skeleton.LAYOUTS[count]}\'s, or in '
                                  'another order')
        own = {name: getattr(model.data_preprocessor, name).flatten().tolist() for name in ('mean', 'std')}
        for name, values in own.items():
            if name in lists and not np.allclose(lists[name], values):
                raise CheckpointError(f'{self.path}: {name} is {lists[name]}, and {values} in the config')
        order = said.get('channel_order', 'RGB')
        if order not in ('RGB', 'BGR'):
            raise CheckpointError(f'{self.path}: channel_order is {order!r}, and neither RGB nor BGR')
        return swap_channels(**own) if order == 'BGR' else nn.Identity()
