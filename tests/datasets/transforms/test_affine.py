import cv2
import numpy as np
import pytest
from mmpose.registry import TRANSFORMS

import builders

W, H = 160, 120
PEOPLE = [  # centre, scale (w, h) and rotation; the second is magnified, the last ones reach out of the image
    ((80, 60), (60, 80), 0),
    ((80, 60), (20, 30), 37),
    ((60, 70), (90, 70), -80),
    ((5, 110), (100, 60), 90),
    ((150, 10), (300, 400), 10),
    ((-90, 60), (60, 60), 0),
]
FLIPS = [None, 0, 1, (0, 1)]


def person(center, scale, rotation, **fields):
    rng = np.random.default_rng(0)
    return dict(
        bbox_center=np.array([center], np.float32),
        bbox_scale=np.array([scale], np.float32),
        bbox_rotation=np.array([rotation], np.float32),
        keypoints=rng.uniform(0, W, (1, 37, 2)).astype(np.float32),
        keypoints_visible=np.ones((1, 37), np.float32),
        **fields,
    )


def crop(type, image, at, flip=None, **kwargs):
    image = image if flip is None else np.flip(image, flip)
    return TRANSFORMS.build(dict(type=type, **{'input_size': (48, 64), **kwargs})).transform(person(*at, img=image))


def noise(channels=3, dtype=np.uint8):
    return np.random.default_rng(1).integers(0, 255, (H, W, channels)).astype(dtype)


def lazy(path):
    return TRANSFORMS.build(dict(type='LoadSpineImage', lazy=True)).transform(dict(img_path=str(path)))['img']


def check_equal(found, expected, apart_from_img=False):
    assert found.keys() == expected.keys()
    for key in found.keys() - ({'img'} if apart_from_img else set()):
        np.testing.assert_array_equal(found[key], expected[key], key)


def check_flipped(found, expected):
    """A place that lies between two of OpenCV's may be rounded to the other one, 1/32 of a pixel away."""
    difference = np.abs(found['img'].astype(float) - expected['img'])
    assert difference.max() <= 8 and difference.mean() < 0.002
    check_equal(found, expected, apart_from_img=True)


@pytest.mark.parametrize('use_udp', [False, True])
@pytest.mark.parametrize('at', PEOPLE)
@pytest.mark.parametrize('flip', FLIPS)
def test_crops_as_mmpose_does(at, flip, use_udp):
    expected = crop('TopdownAffine', noise(), at, flip, use_udp=use_udp)
    found = crop('SpineTopdownAffine', noise(), at, flip, use_udp=use_udp)
    if flip is None:
        check_equal(found, expected)
    check_flipped(found, expected)


@pytest.mark.parametrize('image', [noise(1)[..., 0], noise(1), noise(4), noise(dtype=np.float32)])
def test_crops_images_of_any_channels_and_type(image):
    for flip in FLIPS:
        check_flipped(crop('SpineTopdownAffine', image, PEOPLE[0], flip), crop('TopdownAffine', image, PEOPLE[0], flip))


def test_crops_lists_of_images_and_without_keypoints_or_rotation():
    results = [
        TRANSFORMS.build(dict(type=type, input_size=(48, 64))).transform(
            dict(img=[noise(), noise()[::-1]], bbox_center=np.full((1, 2), 60.0), bbox_scale=np.full((1, 2), 50.0))
        )
        for type in ('SpineTopdownAffine', 'TopdownAffine')
    ]
    check_equal(*results)
    results = [
        TRANSFORMS.build(dict(type=type, input_size=(48, 64))).transform(
            dict(img=noise()[:, ::-1], bbox_center=np.full((1, 2), 60.0), bbox_scale=np.full((1, 2), 50.0))
        )
        for type in ('SpineTopdownAffine', 'TopdownAffine')
    ]
    check_flipped(*results)


@pytest.mark.parametrize('at', PEOPLE)
@pytest.mark.parametrize('flip', FLIPS)
def test_coded_images_are_cropped_as_decoded_ones(tmp_path, at, flip):
    path = builders.write_image(tmp_path / 'a.jpg')
    expected = crop('TopdownAffine', cv2.imread(str(path)), at, flip)
    for halve in (False, True):  # the image is small: nothing is halved
        found = crop('SpineTopdownAffine', lazy(path), at, flip, halve=halve)
        if flip is None:
            check_equal(found, expected)
        check_flipped(found, expected)


def smooth(w, h):
    """Return an image whose colours are linear in x and y, so that it has the same values at any size."""
    x, y = np.meshgrid(np.arange(w), np.arange(h))
    colors = np.stack([x / w, y / h, (x + y) / (w + h)], axis=-1)
    return (20 + 200 * colors).round().astype(np.uint8)


@pytest.fixture(scope='module')
def large(tmp_path_factory):
    path = tmp_path_factory.mktemp('large') / 'a.png.jpg'
    assert cv2.imwrite(str(path), smooth(1281, 961), [cv2.IMWRITE_JPEG_QUALITY, 95])
    return path


@pytest.mark.parametrize('use_udp', [False, True])
@pytest.mark.parametrize('flip', FLIPS)
@pytest.mark.parametrize('rotation', [0, 50])
def test_a_halved_image_lies_where_the_whole_does(large, flip, rotation, use_udp):
    """Half a pixel aside makes .08 to .1 grey levels, which would show in the mean."""
    at = (640, 480), (400, 500), rotation
    kwargs = dict(input_size=(96, 128), use_udp=use_udp)
    expected = crop('TopdownAffine', cv2.imread(str(large)), at, flip, **kwargs)
    coded = lazy(large)
    found = crop('SpineTopdownAffine', coded, at, flip, halve=True, **kwargs)
    assert set(coded._decoded) == {2}
    difference = found['img'].astype(float) - expected['img']
    assert np.abs(difference).max() <= 2 and np.abs(difference.mean((0, 1))).max() < 0.04
    check_equal(found, expected, apart_from_img=True)


@pytest.mark.parametrize('scale, factor', [(1.95, 1), (2.05, 2), (9, 2)])
def test_an_image_is_halved_where_that_suffices(large, scale, factor):
    coded = lazy(large)
    at = (640, 480), (96 * scale, 20), 30  # the height follows from the width
    crop('SpineTopdownAffine', coded, at, halve=True, input_size=(96, 128))
    assert set(coded._decoded) == {factor}
    whole = lazy(large)
    crop('SpineTopdownAffine', whole, at, input_size=(96, 128))
    assert set(whole._decoded) == {1}


@pytest.mark.parametrize(
    'image',
    [smooth(1020, 1020), np.random.default_rng(0).integers(0, 255, (1030, 1030, 3), dtype=np.uint8)],
    ids=['small', 'grainy'],
)
def test_small_and_grainy_images_are_not_halved(tmp_path, image):
    assert cv2.imwrite(str(tmp_path / 'a.jpg'), image)
    coded = lazy(tmp_path / 'a.jpg')
    crop('SpineTopdownAffine', coded, ((500, 500), (900, 900), 0), halve=True)
    assert set(coded._decoded) == {1}


def test_the_order_of_people_changes_nothing(large):
    near, far = ((640, 480), (60, 60), 0), ((640, 480), (900, 900), 0)
    coded = lazy(large)
    first = crop('SpineTopdownAffine', coded, far, halve=True)['img']
    crop('SpineTopdownAffine', coded, near, halve=True)
    np.testing.assert_array_equal(crop('SpineTopdownAffine', coded, far, halve=True)['img'], first)
    assert set(coded._decoded) == {1, 2}


def test_crops_are_not_shared(tmp_path):
    """Later steps write into a crop, and must not reach what the next person is cropped from."""
    coded = lazy(builders.write_image(tmp_path / 'a.jpg'))
    for at in PEOPLE[:2]:
        first = crop('SpineTopdownAffine', coded, at)['img']
        kept = first.copy()
        first[:] = 0
        np.testing.assert_array_equal(crop('SpineTopdownAffine', coded, at)['img'], kept)
