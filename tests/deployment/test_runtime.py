import sys

import cv2
import numpy as np
import onnx
import pytest
import torch
from mmengine.config import Config
from mmpose.apis import MMPoseInferencer, inference_topdown, init_model
from mmpose.apis.inferencers import Pose2DInferencer
from spinepose import SpinePoseEstimator

import builders
from spinepose_mm.confidence import Calibration, confidence
from spinepose_mm.deployment.runtime import open_session
from spinepose_mm.inference import SpinePoseInferencer
from spinepose_mm.zoo.checkpoints import CheckpointError
from spinepose_mm.zoo.models import find_config

CONFIG = find_config('spinepose-tiny')[0]


@pytest.mark.parametrize('kind, within', [('rgb', 1e-4), ('bgr', 1e-4), ('half', 1.0)])
@pytest.mark.parametrize('flip_test', [False, True])
def test_mmpose_finds_the_same_keypoints(files, people, predict, kind, within, flip_test):
    found = [
        predict(init_model(CONFIG, str(weights), 'cpu', {'model.test_cfg.flip_test': flip_test}), people)
        for weights in (find_config('spinepose-tiny')[1], files[kind])
    ]
    # All but single ones: a rounding error decides between two places that are equally good.
    assert (np.linalg.norm(found[1] - found[0], axis=-1) <= within).mean() > 0.99
    assert all(len(boxes) == 2 for _, boxes in people)  # which are one batch


@pytest.mark.parametrize('inferencer, name', [(Pose2DInferencer, ''), (MMPoseInferencer, 'pose2d_')])
def test_inferencers_take_the_file_as_weights(files, people, tmp_path, inferencer, name):
    cv2.imwrite(str(tmp_path / 'a.png'), people[0][0])
    found = []
    for weights in (None, str(files['bgr'])):
        made = inferencer(
            **{name.strip('_') or 'model': 'spinepose-tiny', f'{name}weights': weights},
            device='cpu',
            det_model='whole_image',
        )
        found.append(next(made(str(tmp_path / 'a.png')))['predictions'][0][0])
    for field in ('keypoints', 'keypoint_scores'):
        np.testing.assert_allclose(found[1][field], found[0][field], atol=1e-4)


@pytest.mark.parametrize(
    'version, options', [('v1', dict(score='mean', v1_postprocess=True)), ('v2', dict(score='mean'))]
)
def test_the_official_librarys_keypoints_and_scores(files, people, version, options):
    """Its own estimator on the same file, of which only a v1 model's spine is averaged."""
    file = str(files['bgr'])

    class Estimator(SpinePoseEstimator):
        MODE = {'file': dict(pose=file, pose_input_size=(96, 128), det_rfdetr=file, det_rfdetr_input_size=(96, 128))}

    theirs = Estimator('file', model_version=version, hardware_acceleration=False)
    own = SpinePoseInferencer('spinepose-tiny', file, 'cpu', det_model='whole_image')
    by_config = init_model(
        CONFIG,
        file,
        'cpu',
        {'model.test_cfg.flip_test': False} | {f'model.head.{name}': value for name, value in options.items()},
    )
    for image, boxes in people:
        keypoints, scores = theirs.estimate(image, boxes)
        found = own.predict(image, boxes, flip_test=False, **options)
        near = np.linalg.norm(found.keypoints - keypoints, axis=-1) <= 0.01
        assert near.mean() > 0.98 and np.abs(found.scores - scores)[near].max() < 1e-3
        tested = [sample.pred_instances for sample in inference_topdown(by_config, image, boxes)]
        np.testing.assert_allclose(np.concatenate([one.keypoints for one in tested]), found.keypoints, atol=1e-3)
        np.testing.assert_allclose(np.concatenate([one.keypoint_scores for one in tested]), found.scores, atol=1e-5)


def confidences(weights, people, calibration):
    """Return the scores and the confidence of people, (N, 37) each, by a config of these numbers."""
    model = init_model(
        CONFIG, str(weights), 'cpu', {'model.test_cfg.flip_test': False, 'model.head.calibration': calibration}
    )
    found = [one.pred_instances for image, boxes in people for one in inference_topdown(model, image, boxes)]
    return tuple(
        np.concatenate([getattr(one, name) for one in found]) for name in ('keypoint_scores', 'keypoint_confidence')
    )


def test_confidence_is_that_of_the_weights(files, people, tmp_path):
    """A file's metadata counts, and the config for one without, as for a checkpoint."""
    shipped, other = Calibration(**Config.fromfile(CONFIG).model.head.calibration), Calibration(1.0, 1.0)
    expected = confidences(find_config('spinepose-tiny')[1], people, shipped._asdict())
    scores, found = confidences(files['bgr'], people, other._asdict())
    np.testing.assert_allclose(scores, expected[0], atol=1e-4)
    np.testing.assert_allclose(found, expected[1], atol=1e-4)
    for said, calibration in ((None, other), ('null', None), ('{"slope": 2, "offset": 5}', Calibration(2.0, 5.0))):
        file = changed(files['rgb'], tmp_path / 'a.onnx', nothing, calibration=said)
        scores, found = confidences(file, people, other._asdict())
        np.testing.assert_allclose(found, confidence(scores, calibration), atol=1e-6)


def test_has_as_many_threads_as_torch(files):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1 if before > 1 else 2)
        assert open_session(str(files['rgb'])).get_session_options().intra_op_num_threads == torch.get_num_threads()
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize('threads', [1, 2, 3])
@pytest.mark.parametrize('kind', ['rgb', 'bgr'])
def test_any_number_of_people_on_any_number_of_threads(files, people, predict, model, threads, kind):
    """One by one on threads of their own, and the rest together."""
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        runs = init_model(CONFIG, str(files[kind]), 'cpu', {'model.test_cfg.flip_test': False})
        image, boxes = people[0]
        for count in (1, 2, 5):
            given = [(image, np.resize(boxes, (count, 4)) + 7 * np.arange(count)[:, None])]
            found, expected = predict(runs, given), predict(model, given)
            assert found.shape == (count, 37, 2)
            assert (np.linalg.norm(found - expected, axis=-1) <= 1e-4).mean() > 0.99
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


def changed(file, out, change, **metadata):
    """Write a file after `change` was done to its graph, with other metadata; None leaves one out."""
    proto = onnx.load(file)
    change(proto.graph)
    said = {**{entry.key: entry.value for entry in proto.metadata_props}, **metadata}
    onnx.helper.set_model_props(proto, {key: value for key, value in said.items() if value is not None})
    onnx.save(proto, out)
    return out


def nothing(graph):
    pass


def one_at_a_time(graph):
    graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1


def other_names(graph):
    graph.node[-1].output[0] = graph.output[1].name = 'heatmap'


def fewer_keypoints(graph):
    """As a file of 26 keypoints: the first 26 of the 37."""
    for name, value in (('starts', [0]), ('ends', [26]), ('axes', [1])):
        graph.initializer.append(onnx.numpy_helper.from_array(np.array(value), name))
    for node, entry in zip(list(graph.node)[-2:], graph.output):
        node.output[0] = f'all_{entry.name}'
        graph.node.append(onnx.helper.make_node('Slice', [f'all_{entry.name}', 'starts', 'ends', 'axes'], [entry.name]))
        entry.type.tensor_type.shape.dim[1].dim_value = 26


def test_a_file_that_says_nothing_of_itself_is_rgb(files, people, predict, model, tmp_path):
    file = changed(
        files['rgb'], tmp_path / 'a.onnx', nothing, mean=None, std=None, channel_order=None, keypoint_names=None
    )
    found = predict(init_model(CONFIG, str(file), 'cpu', {'model.test_cfg.flip_test': False}), people)
    np.testing.assert_allclose(found, predict(model, people), atol=1e-4)


@pytest.mark.parametrize(
    'change, metadata, message',
    [
        (one_at_a_time, {}, 'does not run on two people at once'),
        (other_names, {}, 'gives heatmap, simcc_x, where .* simcc_x and simcc_y'),
        (fewer_keypoints, {}, r'simcc_x has the shape \(2, 26, 192\), and the config \(2, 37, 192\)'),
        (nothing, dict(keypoint_names='["nose"]'), "other keypoints than SpineTrack's"),
        (nothing, dict(mean='[0, 0, 0]'), r'mean is \[0, 0, 0\], and \[123\.67'),
        (nothing, dict(std='one'), 'its metadata std is no JSON'),
        (nothing, dict(calibration='{"slope": 0, "offset": 1}'), 'calibration is dict'),
        (nothing, dict(calibration='[1, 2]'), 'calibration is dict'),
        (nothing, dict(channel_order='GBR'), "channel_order is 'GBR'"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(files, tmp_path, change, metadata, message):
    file = changed(files['rgb'], tmp_path / 'a.onnx', change, **metadata)
    with pytest.raises(CheckpointError, match=rf'a\.onnx.*{message}'):
        init_model(CONFIG, str(file), 'cpu')


@pytest.mark.parametrize(
    'config, message',
    [
        ('spinepose_v1_small', r'\[.*3, 128, 96\], and the config has 192x256'),
        ('baselines/spinepose_baseline_hrnet_w32', 'not with a HeatmapHead'),
    ],
)
def test_another_model_is_refused(files, config, message):
    with pytest.raises(CheckpointError, match=message):
        init_model(str(builders.config(config)), str(files['rgb']), 'cpu')


def test_a_broken_file_and_none(files, tmp_path, monkeypatch):
    (tmp_path / 'half.onnx').write_bytes(files['rgb'].read_bytes()[:100000])
    (tmp_path / 'page.onnx').write_text('<html>404</html>')
    for name in ('half', 'page'):
        with pytest.raises(CheckpointError, match=rf'{name}\.onnx is no ONNX file'):
            init_model(CONFIG, str(tmp_path / f'{name}.onnx'), 'cpu')
    with pytest.raises(FileNotFoundError, match=r'ONNX file .*none\.onnx does not exist'):
        Pose2DInferencer('spinepose-tiny', str(tmp_path / 'none.onnx'), 'cpu', det_model='whole_image')
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    with pytest.raises(ImportError, match='pip install onnx onnxruntime'):
        init_model(CONFIG, str(files['rgb']), 'cpu')
