import json
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
import rtmlib
import torch
from mmengine.config import Config
from mmpose.registry import MODELS
from spinepose.tools.pose_estimation import RTMPose as OfficialPose

import builders
from spinepose_mm import skeleton
from spinepose_mm.deployment import export_onnx
from spinepose_mm.deployment.export import ExportError, largest_difference
from spinepose_mm.io.atomic import locked
from spinepose_mm.zoo.checkpoints import CheckpointError

SIZE = (96, 128)


def agreeing(found, expected, within=0.01):
    """Return the share of keypoints that are where they should be; others may be single ones of two equal places."""
    return (np.linalg.norm(found - expected, axis=-1) <= within).mean()


def run(program, file, people, rgb=False):
    """Return keypoints (people, 37, 2) as another program predicts them from images in BGR, as it reads them.

    Args:
        program: class of the program, with its options.
        rgb: whether to show it RGB instead.
    """
    kind, *options = program
    pose = kind(str(file), model_input_size=SIZE, **dict(options))
    return np.concatenate([pose(image[..., ::-1] if rgb else image, boxes)[0] for image, boxes in people])


RTMLIB = (rtmlib.RTMPose, ('backend', 'onnxruntime'))
PROGRAMS = dict(rtmlib=RTMLIB, opencv=(rtmlib.RTMPose, ('backend', 'opencv')), official=(OfficialPose,))


@pytest.mark.parametrize('count', [1, 3])
def test_computes_what_pytorch_does(files, model, count):
    images = torch.randn(count, 3, 128, 96)
    with torch.no_grad():
        truth = model.head(model.extract_feat(images))
    found = onnxruntime.InferenceSession(files['rgb']).run(['simcc_x', 'simcc_y'], {'input': images.numpy()})
    for axis, expected, places in zip(found, truth, (192, 256)):
        assert axis.shape == (count, 37, places)
        np.testing.assert_allclose(axis, expected.numpy(), atol=1e-5)


@pytest.mark.parametrize('kind', ['rgb', 'bgr', 'half'])
def test_has_the_form_of_the_rtmpose_sdk(files, kind):
    graph = onnx.load(files[kind]).graph
    shapes = {
        entry.name: (
            entry.type.tensor_type.elem_type,
            [dim.dim_param or dim.dim_value for dim in entry.type.tensor_type.shape.dim],
        )
        for entry in (*graph.input, *graph.output)
    }
    assert shapes == dict(
        input=(onnx.TensorProto.FLOAT, ['batch', 3, 128, 96]),
        simcc_x=(onnx.TensorProto.FLOAT, ['batch', 37, 192]),
        simcc_y=(onnx.TensorProto.FLOAT, ['batch', 37, 256]),
    )


def test_says_what_it_is(files):
    proto = onnx.load(files['bgr'])
    said = {entry.key: entry.value for entry in proto.metadata_props}
    assert [entry.version for entry in proto.opset_import] == [11]
    assert (said['skeleton'], said['channel_order'], said['license']) == ('spinetrack', 'BGR', 'Apache-2.0')
    assert tuple(json.loads(said['keypoint_names'])) == skeleton.NAMES
    assert [json.loads(said[name]) for name in ('input_size', 'mean', 'std', 'simcc_split_ratio')] == [
        [96, 128],
        [123.675, 116.28, 103.53],
        [58.395, 57.12, 57.375],
        2.0,
    ]
    numbers = Config.fromfile(builders.config('spinepose_tiny')).model.head.calibration
    assert json.loads(said['calibration']) == dict(numbers)
    rgb = onnxruntime.InferenceSession(files['rgb']).get_modelmeta().custom_metadata_map
    assert rgb == {**said, 'channel_order': 'RGB'}


@pytest.mark.parametrize('program', PROGRAMS)
def test_other_programs_find_the_same_keypoints(files, model, people, predict, program):
    expected = predict(model, people)
    assert len(expected) >= 16
    assert agreeing(run(PROGRAMS[program], files['bgr'], people), expected) > 0.99
    assert agreeing(run(PROGRAMS[program], files['rgb'], people, rgb=True), expected) > 0.99
    # What the option is for: the same program on the other file.
    assert agreeing(run(PROGRAMS[program], files['rgb'], people), expected) < 0.6


def test_other_programs_find_the_same_keypoints_in_photographs(files, model, real_people, predict):
    """But for a few of which a grey level decides, since programs round the corners of a box differently."""
    expected = predict(model, real_people)
    for program in PROGRAMS.values():
        assert agreeing(run(program, files['bgr'], real_people), expected) > 0.995


def test_half_precision_is_half_as_large_and_within_a_pixel(files, model, people, predict):
    assert files['half'].stat().st_size < 0.52 * files['bgr'].stat().st_size
    nodes = {output: node for node in onnx.load(files['half']).graph.node for output in node.output}
    norms = [node for node in nodes.values() if node.op_type == 'ReduceL2']  # whose squares 16 bits do not hold
    assert [nodes[norm.input[0]].attribute[0].i for norm in norms] == [onnx.TensorProto.FLOAT] * 2
    assert agreeing(run(RTMLIB, files['half'], people), predict(model, people), within=1) > 0.99


def random_weights(config, path, change=None):
    """Write random weights of a config's network, after `change` was done to the network."""
    network = MODELS.build(Config.fromfile(builders.config(config)).model)
    if change:
        change(network)
    torch.save(dict(state_dict=network.state_dict()), path)
    return path


def test_takes_weights_and_knows_the_licence_of_those_of_the_zoo(tmp_path):
    config = builders.config('spinepose_v2_small')
    random_weights('spinepose_v2_small', tmp_path / 'mine.pth')
    (tmp_path / 'spinepose-s_32xb256-10e_simspine-256x192.pth').symlink_to('mine.pth')
    for name, licence in (('mine.pth', None), ('spinepose-s_32xb256-10e_simspine-256x192.pth', 'CC-BY-NC-4.0')):
        export_onnx(str(config), tmp_path / name, tmp_path / 'a.onnx')
        said = onnxruntime.InferenceSession(tmp_path / 'a.onnx').get_modelmeta().custom_metadata_map
        assert said.get('license') == licence and said['input_size'] == '[192, 256]'


def scale_up(network):
    """The next layer takes only the direction of what this one gives, but its weights do not fit into 16 bits."""
    network.head.final_layer.weight.data *= 1e8
    network.head.final_layer.bias.data *= 1e8


def test_what_differs_from_pytorch_is_not_left_behind(tmp_path):
    weights, out = random_weights('spinepose_tiny', tmp_path / 'large.pth', scale_up), tmp_path / 'a.onnx'
    assert export_onnx('spinepose-tiny', weights, out) <= 0.5
    before = out.read_bytes()
    with pytest.raises(ExportError, match=r'a\.onnx was not written: a keypoint is \d+\.\d pixels .* half precision'):
        export_onnx('spinepose-tiny', weights, out, half=True)
    assert out.read_bytes() == before and {path.name for path in tmp_path.iterdir()} == {'large.pth', 'a.onnx'}


@pytest.mark.parametrize(
    'model, weights, out, error, message',
    [
        ('baselines/spinepose_baseline_hrnet_w32', 'a.pth', 'a.onnx', ValueError, 'its head is HeatmapHead'),
        ('lifting/spinepose_lifter_27frames', 'a.pth', 'a.onnx', ValueError, 'only models with an RTMCCHead'),
        ('spinepose_v1_small', None, 'a.onnx', ValueError, 'no weights of its own'),
        ('spinepose_tiny', 'a.pth', 'a.onnx', FileNotFoundError, r'a\.pth does not exist'),
        ('spinepose_tiny', 'small.pth', 'a.onnx', CheckpointError, r'small\.pth'),
        ('spinepose_tiny', None, 'a.pth', ValueError, r'ends in \.onnx'),
    ],
)
def test_refused(tmp_path, monkeypatch, model, weights, out, error, message):
    monkeypatch.chdir(tmp_path)
    if weights == 'small.pth':
        random_weights('spinepose_v1_small', 'small.pth')
    with pytest.raises(error, match=message):
        export_onnx(str(builders.config(model)), weights, tmp_path / out)
    assert not list(tmp_path.glob('*.onnx*'))


def test_names_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    with pytest.raises(ImportError, match='pip install onnx onnxruntime'):
        export_onnx('spinepose-tiny', None, tmp_path / 'a.onnx')


def test_largest_difference():
    truth = np.array([[[0.0, 1.0, 0.0, 0.9999, 0.0, 0.0]]])  # as good at place 3 as at 1
    flat = np.array([[[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]]])
    other = np.eye(6)[None, [4]]

    def difference(x, y, tie=1e-3):
        return largest_difference([truth, flat], [x, y], split_ratio=2.0, tie=tie)

    assert difference(truth, flat) == 0
    assert difference(other, flat) == 0.5  # a place, half a pixel, beyond the second of the two
    assert difference(other, flat, tie=1e-6) == 1.5
    assert difference(other, other) == np.hypot(0.5, 2)
    pairs = [np.concatenate(pair) for pair in ((truth, truth), (flat, flat), (truth, other), (flat, flat))]
    assert largest_difference(pairs[:2], pairs[2:], 2.0, 1e-3) == 0.5  # the largest of two people's


def test_a_disk_that_is_full(tmp_path):
    """The old file stays, with nothing beside it."""
    (tmp_path / 'a.onnx').write_bytes(b'old')
    (tmp_path / 'a.onnx.part').symlink_to('/dev/full')
    with pytest.raises(OSError, match='No space left'):
        export_onnx('spinepose-tiny', None, tmp_path / 'a.onnx')
    assert [path.name for path in tmp_path.iterdir()] == ['a.onnx'] and (tmp_path / 'a.onnx').read_bytes() == b'old'
    with locked(tmp_path / 'a.onnx'), pytest.raises(BlockingIOError, match=r'a\.onnx is being written by another run'):
        export_onnx('spinepose-tiny', None, tmp_path / 'a.onnx')
