import numpy as np
from mmpose.registry import METRICS

from spinepose_mm.datasets.simspine.npz import read_detections


def test_writes_what_is_read_again(tmp_path):
    metric = METRICS.build(
        dict(type='KeypointFile', out_file=str(tmp_path / 'new/found.npz'), img_prefix='data/images')
    )
    points = np.random.default_rng(0).normal(size=(3, 37, 3))
    for i, person in enumerate(points):
        metric.process(
            None,
            [
                dict(
                    img_path=f'data/images/S1/{i}.jpg',
                    pred_instances=dict(keypoints=person[None, :, :2], keypoint_scores=person[None, :, 2]),
                )
            ],
        )
    assert metric.evaluate(3) == {'keypoints/people': 3}
    rows, found = read_detections(tmp_path / 'new/found.npz', np.array(['S1/2.jpg', 'none', 'S1/0.jpg']), 'a.npz')
    assert rows.tolist() == [0, 2]
    np.testing.assert_allclose(found, points[[2, 0]], rtol=1e-6)
    assert [path.name for path in (tmp_path / 'new').iterdir()] == ['found.npz']


def test_names_are_the_annotations_where_images_have_others(tmp_path):
    metric = METRICS.build(dict(type='KeypointFile', out_file=str(tmp_path / 'found.npz'), img_prefix='images'))
    metric.process(
        None,
        [
            dict(
                img_id='a_000000.jpg',
                img_path='images/a_000001.jpg',
                pred_instances=dict(keypoints=np.ones((1, 37, 2)), keypoint_scores=np.ones((1, 37))),
            )
        ],
    )
    metric.evaluate(1)
    assert np.load(tmp_path / 'found.npz')['imgname'].tolist() == ['a_000000.jpg']


def test_each_person_in_an_image_has_a_row(tmp_path):
    metric = METRICS.build(dict(type='KeypointFile', out_file=str(tmp_path / 'found.npz'), img_prefix='images'))
    for name in ('a', 'b'):
        metric.process(
            None,
            [
                dict(
                    img_path=f'images/./{name}.jpg',
                    pred_instances=dict(keypoints=np.ones((3, 37, 2)), keypoint_scores=np.ones((3, 37))),
                )
            ],
        )
    assert metric.evaluate(2) == {'keypoints/people': 6}
    assert np.load(tmp_path / 'found.npz')['imgname'].tolist() == ['a.jpg'] * 3 + ['b.jpg'] * 3
