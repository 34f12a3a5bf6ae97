import cv2
import numpy as np
import pytest
from mmpose.registry import TRANSFORMS


def test_blur_draws_box_and_median():
    image = np.random.default_rng(0).integers(0, 255, (20, 20, 3), dtype=np.uint8)

    def blurred(**kwargs):
        return TRANSFORMS.build(dict(type='RandomBlur', **kwargs)).transform(dict(img=image))['img']

    np.testing.assert_array_equal(blurred(box_prob=0, median_prob=0), image)
    np.testing.assert_array_equal(blurred(box_prob=1, median_prob=0, max_size=3), cv2.blur(image, (3, 3)))
    np.testing.assert_array_equal(blurred(box_prob=0, median_prob=1, max_size=3), cv2.medianBlur(image, 3))


@pytest.mark.parametrize(
    'kwargs, message',
    [(dict(box_prob=2), 'box_prob'), (dict(median_prob=-1), 'median_prob'), (dict(max_size=4), 'odd')],
)
def test_blur_refuses_bad_options(kwargs, message):
    with pytest.raises(ValueError, match=message):
        TRANSFORMS.build(dict(type='RandomBlur', **kwargs))


def test_dropout_covers_as_much_as_that_of_rtmpose_and_the_middle_most():
    """A side of s, drawn from 0.2 to 0.4, is anywhere: it covers the middle with s / (1 - s), 0.438 on average."""
    np.random.seed(0)
    image = np.full((200, 100, 3), 9, np.uint8)
    dropout = TRANSFORMS.build(dict(type='RandomCoarseDropout'))
    hidden = np.mean([(dropout.transform(dict(img=image))['img'] == 0).all(-1) for _ in range(4000)], axis=0)
    assert image.min() == 9  # a copy is changed
    assert hidden.mean() == pytest.approx(0.3 * 0.3, rel=0.03)
    side = (0.2 - 0.4 + np.log(0.8 / 0.6)) / 0.2
    assert hidden[100, 50] == pytest.approx(side**2, rel=0.12)
    np.testing.assert_allclose(hidden, hidden[::-1, ::-1], atol=0.05)
    never = TRANSFORMS.build(dict(type='RandomCoarseDropout', prob=0))
    assert never.transform(dict(img=image))['img'] is image


@pytest.mark.parametrize(
    'kwargs, message',
    [
        (dict(prob=1.1), 'prob is a probability'),
        (dict(size=(0.4, 0.2)), 'least <= greatest'),
        (dict(size=(0, 0.2)), '0 <'),
    ],
)
def test_dropout_refuses_bad_options(kwargs, message):
    with pytest.raises(ValueError, match=message):
        TRANSFORMS.build(dict(type='RandomCoarseDropout', **kwargs))


def drawn(type, seed=3):
    np.random.seed(seed)
    transform = TRANSFORMS.build(dict(type=type))
    return np.concatenate([transform._truncnorm(size=(2, 4)) for _ in range(500)])


def test_boxes_are_drawn_as_mmpose_draws_them():
    found = drawn('SpineBBoxTransform')
    np.testing.assert_allclose(found, drawn('RandomBBoxTransform'), rtol=1e-6)
    # The variance of a standard normal distribution that is cut off at 1: 1 - 2 phi(1) / (2 Phi(1) - 1).
    assert found.dtype == np.float32 and np.abs(found).max() <= 1
    assert found.std() == pytest.approx((1 - 0.48394 / 0.68269) ** 0.5, rel=0.03)


@pytest.mark.parametrize(
    'kwargs', [{}, dict(normalize=True), dict(simcc_split_ratio=1.5), dict(smoothing_type='standard')]
)
@pytest.mark.parametrize('people', [1, 3])
def test_targets_are_those_of_mmpose(kwargs, people):
    rng = np.random.default_rng(0)
    encoder = dict(
        type='SimCCLabel',
        **{**dict(input_size=(96, 128), sigma=(3.0, 3.4), simcc_split_ratio=2.0, normalize=False), **kwargs},
    )
    results = dict(
        # Those far outside are not drawn and weigh nothing, those near outside reach in.
        keypoints=rng.uniform(-40, 170, (people, 37, 2)).astype(np.float32),
        keypoints_visible=rng.choice([0, 0.4, 0.5, 1], (people, 37)).astype(np.float32),
        dataset_keypoint_weights=rng.uniform(1, 2, 37).astype(np.float32),
    )
    own, stock = (
        TRANSFORMS.build(dict(type=type, encoder=encoder, use_dataset_keypoint_weights=True))(dict(results))
        for type in ('SpineTarget', 'GenerateTarget')
    )
    assert own.keys() == stock.keys() and own['keypoint_x_labels'].shape[:2] == (people, 37)
    assert 0 < (own['keypoint_weights'] > 0).mean() < 0.5 < (own['keypoint_x_labels'].sum(-1) == 0).mean() < 1
    for key in ('keypoint_x_labels', 'keypoint_y_labels', 'keypoint_weights'):
        np.testing.assert_array_equal(own[key], stock[key])
        assert own[key].dtype == stock[key].dtype


def test_targets_of_other_codecs_are_those_of_mmpose():
    encoder = dict(type='MSRAHeatmap', input_size=(96, 128), heatmap_size=(24, 32), sigma=2)
    results = dict(keypoints=np.full((1, 37, 2), 50, np.float32), keypoints_visible=np.ones((1, 37), np.float32))
    own, stock = (
        TRANSFORMS.build(dict(type=type, encoder=encoder))(dict(results)) for type in ('SpineTarget', 'GenerateTarget')
    )
    np.testing.assert_array_equal(own['heatmaps'], stock['heatmaps'])
