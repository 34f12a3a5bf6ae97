"""ONNX files that were tried in the place of a model's network."""

import functools
import json

import numpy as np
import onnx
from mmengine.registry import init_default_scope
from mmpose.apis import init_model
from onnx import TensorProto, helper, numpy_helper

from bad_inputs.cases import Case
from spinepose_mm import skeleton
from spinepose_mm.deployment import run_onnx, settings_toml
from spinepose_mm.zoo.models import find_config

SIZE = 96, 128  # of the shipped model's input


@functools.cache
def model():
    """The shipped model, without its weights."""
    init_default_scope('mmpose')
    return init_model(find_config('spinepose-tiny')[0], None, 'cpu')


def proto(inputs='input', outputs=('simcc_x', 'simcc_y'), size=SIZE, keypoints=37, metadata=None, batch='N'):
    """Return a network of the RTMPose SDK's signature: the mean of an image on top of logits that are all zero."""
    nodes = [
        helper.make_node('ReduceMean', [inputs], ['mean'], axes=[1, 2, 3], keepdims=1),
        helper.make_node('Squeeze', ['mean'], ['people'], axes=[3]),
    ]
    zeros = []
    for name, length in zip(outputs, size):
        zeros.append(numpy_helper.from_array(np.zeros((1, keypoints, 2 * length), np.float32), f'{name}_zero'))
        nodes.append(helper.make_node('Add', ['people', f'{name}_zero'], [name]))
    graph = helper.make_graph(
        nodes,
        'network',
        [helper.make_tensor_value_info(inputs, TensorProto.FLOAT, [batch, 3, size[1], size[0]])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, keypoints, None]) for name in outputs],
        zeros,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 11)], ir_version=8)
    helper.set_model_props(
        made, {name: value if isinstance(value, str) else json.dumps(value) for name, value in (metadata or {}).items()}
    )
    return made


def run(content=None, with_weights=None, **options):
    """Return what runs a file of other bytes, or of a network with other options."""

    def tried(place):
        path = place.folder / 'n.onnx'
        if content is not None:
            path.write_bytes(content)
        else:
            made = proto(**options)
            if with_weights:
                entry = made.graph.initializer[0]
                entry.ClearField('raw_data')
                entry.data_location = TensorProto.EXTERNAL
                entry.external_data.add(key='location', value=with_weights)
            path.write_bytes(made.SerializeToString())
        run_onnx(model(), path)
        return model().head.forward

    return tried


def refused(message, *args, **options):
    return Case(run(*args, **options), error=rf'n\.onnx.*{message}')


def said(message, **metadata):
    return refused(message, metadata=metadata)


def settings(message, **metadata):
    def tried(place):
        onnx.save(proto(metadata=metadata), str(place.folder / 'n.onnx'))
        return settings_toml(place.folder / 'n.onnx')

    return Case(tried, error=rf'n\.onnx.*{message}')


def settings_of_text(place):
    (place.folder / 'n.onnx').write_text('hello')
    return settings_toml(place.folder / 'n.onnx')


_NO_FILE = 'is no ONNX file that onnxruntime can run'
CASES = {
    'sound': Case(run(metadata=dict(keypoint_names=list(skeleton.NAMES))), result=callable),
    'empty': refused('', b''),
    'text': refused(_NO_FILE, b'hello'),
    'zeros': refused(_NO_FILE, bytes(1000)),
    'truncated': refused(_NO_FILE, proto().SerializeToString()[:-4000]),
    'weights elsewhere': refused('', with_weights='weights.bin'),
    'weights at an absolute path': refused('', with_weights='/etc/hostname'),
    'another input': refused('takes image and gives', inputs='image'),
    'another size': refused('takes images of the shape', size=(192, 256)),
    'other outputs': refused('gives heatmap, simcc_x', outputs=('simcc_x', 'heatmap')),
    'one person at a time': refused('does not run on two people', batch=1),
    'fewer keypoints': refused(r'simcc_x has the shape \(2, 26, 192\)', keypoints=26),
    'names in another order': said('predicts other keypoints', keypoint_names=list(skeleton.NAMES)[::-1]),
    'deep names': said('metadata keypoint_names is no JSON: it is nested too deeply', keypoint_names='[' * 100000),
    'names of a number': said('metadata keypoint_names is 5', keypoint_names=5),
    'names of lists': said('metadata keypoint_names is', keypoint_names=[['nose']]),
    'names of no JSON': said('metadata keypoint_names is no JSON', keypoint_names='nose'),
    'mean of text': said('metadata mean is "a"', mean='"a"'),
    'mean of two': said('metadata mean is .* a list of 3 numbers', mean=[1, 2]),
    'mean of texts': said('metadata mean is', mean=['1', '2', '3']),
    'mean of another': said(r'mean is \[0, 0, 0\], and', mean=[0, 0, 0]),
    'mean of a giant': said('metadata mean is no JSON|mean is', mean='[' + '1' * 5000 + ', 1, 1]'),
    'std of null': said('metadata std is null', std='null'),
    'strange channels': said("channel_order is 'GBR'", channel_order='GBR'),
    'settings of text': Case(settings_of_text, error=rf'n\.onnx {_NO_FILE}'),
    'settings of RGB': settings('is not for BGR', channel_order='RGB'),
    'settings of no size': settings('says no input size|is not for BGR', channel_order='BGR'),
    'settings of a size of text': settings('metadata input_size is', channel_order='BGR', input_size='"big"'),
    'settings of a deep size': settings(
        'input_size is no JSON: it is nested', channel_order='BGR', input_size='[' * 100000
    ),
}
