import io
import os
import pickle

import cv2
import numpy as np
import pytest
import simplejpeg
from mmpose.registry import TRANSFORMS
from PIL import Image

import builders
from spinepose_mm.datasets.transforms.coded_image import CodedImage


def load(path, **kwargs):
    return TRANSFORMS.build(dict(type='LoadSpineImage', **kwargs)).transform(dict(img_path=str(path)))


@pytest.mark.parametrize('ending', ['jpg', 'png', 'bmp'])
def test_loads_as_opencv_does(tmp_path, ending):
    path = builders.write_image(tmp_path / f'a.{ending}')
    results = load(path)
    np.testing.assert_array_equal(results['img'], cv2.imread(str(path)))
    assert results['img_shape'] == results['ori_shape'] == (100, 120)


def test_takes_an_image_that_is_loaded():
    image = np.zeros((4, 6, 3), np.uint8)
    results = TRANSFORMS.build(dict(type='LoadSpineImage')).transform(dict(img=image))
    assert results['img'] is image and results['ori_shape'] == (4, 6)


@pytest.mark.parametrize('ending', ['jpg', 'png'])
@pytest.mark.parametrize('part', [0.01, 0.1, 0.5, 0.95])
def test_truncated(tmp_path, ending, part):
    path = builders.write_image(tmp_path / f'a.{ending}')
    data = path.read_bytes()
    path.write_bytes(data[: max(9, int(part * len(data)))])
    with pytest.raises(ValueError, match=f'a.{ending} is truncated'):
        load(path)


def test_truncated_progressive_jpeg_with_a_thumbnail(tmp_path):
    path = tmp_path / 'a.jpg'
    image = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    thumbnail = b'\xff\xd8thumbnail\xff\xd9'
    data = data[:2] + b'\xff\xe1' + (2 + len(thumbnail)).to_bytes(2, 'big') + thumbnail + data[2:]
    path.write_bytes(data)
    assert load(path)['img'].shape == (64, 64, 3)
    path.write_bytes(data[: -len(data) // 3])
    with pytest.raises(ValueError, match='truncated'):
        load(path)


def test_fill_bytes_before_a_marker_are_no_truncation(tmp_path):
    path = builders.write_image(tmp_path / 'a.jpg')
    data = path.read_bytes()
    path.write_bytes(data[:2] + b'\xff\xff\xff' + data[2:])
    assert load(path)['img'].shape == (100, 120, 3)


@pytest.mark.parametrize('data', [b'', b'<html>not found</html>'])
def test_not_an_image(tmp_path, data):
    path = tmp_path / 'a.jpg'
    path.write_bytes(data)
    with pytest.raises(ValueError, match='a.jpg is not an image'):
        load(path)


def test_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match='none.jpg does not exist'):
        load(tmp_path / 'none.jpg')


def test_training_skips_broken_images(tmp_path):
    (tmp_path / 'a.jpg').write_bytes(b'')
    assert load(tmp_path / 'a.jpg', skip_broken=True) is None
    assert load(tmp_path / 'none.jpg', skip_broken=True) is None


def test_a_size_beyond_reason_is_refused(tmp_path):
    data = bytearray(cv2.imencode('.jpg', NOISE)[1].tobytes())
    size = data.index(b'\xff\xc0') + 5
    data[size : size + 4] = b'\xff\xdc' * 2  # 65500, the most that a JPEG may have
    (tmp_path / 'a.jpg').write_bytes(data)
    for lazy in (False, True):
        with pytest.raises(ValueError, match='a.jpg has 65500x65500 pixels, and OpenCV works on 32766 a side at most'):
            load(tmp_path / 'a.jpg', lazy=lazy)


NOISE = np.random.default_rng(0).integers(0, 255, (61, 83, 3), dtype=np.uint8)


def pillow(mode='RGB', image=NOISE, **kwargs):
    file = io.BytesIO()
    Image.fromarray(image).convert(mode).save(file, 'jpeg', **kwargs)
    return file.getvalue()


def turned(orientation, order):
    exif = Image.Exif()
    exif[0x010F], exif[0x0112], exif.endian = 'a maker', orientation, order
    return pillow(exif=exif)


def opencv(*options):
    return cv2.imencode('.jpg', NOISE, options)[1].tobytes()


def damaged(at, data=None):
    data = bytearray(data or opencv())
    data[at : at + 8] = b'damaged!'
    return bytes(data)


def without_tables():
    data = opencv()
    return data.replace(b'\xff\xc4', b'\xff\xef')  # the Huffman tables become unknown segments


KINDS = {
    **{
        f'{name}{" progressive" * progressive}': pillow(subsampling=name, progressive=progressive)
        for name in ('4:4:4', '4:2:2', '4:2:0')
        for progressive in (False, True)
    },
    **{name: simplejpeg.encode_jpeg(NOISE, 90, 'BGR', name) for name in ('440', '411')},
    **{
        f'orientation {orientation} {order}': turned(orientation, order)
        for orientation in (1, 2, 3, 6, 8)
        for order in '<>'
    },
    'grey': pillow('L'),
    'CMYK': pillow('CMYK'),
    'RGB': pillow(keep_rgb=True),
    'quality 100': pillow(quality=100),
    'one pixel': pillow(image=NOISE[:1, :1]),
    'a block': pillow(image=NOISE[:8, :8].copy()),
    'restart markers': opencv(cv2.IMWRITE_JPEG_RST_INTERVAL, 2),
    'optimised': opencv(cv2.IMWRITE_JPEG_OPTIMIZE, 1),
    'damaged': damaged(1500),
    'damaged early': damaged(700),
    'damaged grey': damaged(900, pillow('L')),
    'something behind the end': opencv() + b'something',
    'own Huffman tables are missing': without_tables(),
}


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('flag', ['color', 'grayscale', 'unchanged', 'color_ignore_orientation'])
def test_all_kinds_of_jpeg_have_the_pixels_of_mmpose(tmp_path, kind, flag):
    path = tmp_path / 'a.jpg'
    path.write_bytes(KINDS[kind])
    stock = TRANSFORMS.build(dict(type='LoadImage', color_type=flag)).transform(dict(img_path=str(path)))
    results = load(path, color_type=flag)
    np.testing.assert_array_equal(results['img'], stock['img'])
    assert results['img_shape'] == results['ori_shape'] == stock['img_shape'] == stock['ori_shape']


@pytest.mark.parametrize('kind', KINDS)
def test_coded_images_have_the_pixels_of_opencv(tmp_path, kind):
    path = tmp_path / 'a.jpg'
    path.write_bytes(KINDS[kind])
    results, data = load(path, lazy=True), np.frombuffer(KINDS[kind], np.uint8)
    expected = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert results['img_shape'] == results['ori_shape'] == expected.shape[:2]
    if kind == 'CMYK' or 'orientation' in kind and '1' not in kind:
        np.testing.assert_array_equal(results['img'], expected)
    else:
        assert isinstance(results['img'], CodedImage) and results['img'].shape == expected.shape
        np.testing.assert_array_equal(results['img'].pixels(1), expected)
        np.testing.assert_array_equal(results['img'].pixels(2), cv2.imdecode(data, cv2.IMREAD_REDUCED_COLOR_2))


@pytest.mark.parametrize(
    'options', [dict(to_float32=True), dict(color_type='grayscale'), dict(imdecode_backend='pillow')]
)
def test_what_is_read_otherwise_is_not_left_coded(tmp_path, options):
    path = builders.write_image(tmp_path / 'a.jpg')
    stock = TRANSFORMS.build(dict(type='LoadImage', **options)).transform(dict(img_path=str(path)))
    found = load(path, lazy=True, **options)['img']
    np.testing.assert_array_equal(found, stock['img'])
    assert found.dtype == stock['img'].dtype


@pytest.mark.parametrize('axis', [0, 1, (0, 1)])
def test_a_coded_image_can_be_flipped(tmp_path, axis):
    coded = load(builders.write_image(tmp_path / 'a.jpg'), lazy=True)['img']
    flipped = np.flip(coded, axis)
    assert flipped.flipped == (axis != 1, axis != 0) and flipped.shape == coded.shape == (100, 120, 3)
    assert flipped.pixels(1) is coded.pixels(1)
    assert np.flip(flipped, axis).flipped == coded.flipped == (False, False)


@pytest.mark.parametrize(
    'use',
    [
        lambda image: np.asarray(image),
        lambda image: image.astype(float),
        lambda image: image[3],
        lambda image: image[:10, :10],
        lambda image: np.flip(image),
        lambda image: image.dtype,
    ],
)
def test_a_coded_image_says_what_it_cannot_do(tmp_path, use):
    coded = load(builders.write_image(tmp_path / 'a.jpg'), lazy=True)['img']
    with pytest.raises((TypeError, AttributeError), match='takes LoadSpineImage with lazy=False'):
        use(coded)


def test_people_of_an_image_share_what_is_decoded(tmp_path):
    path, loader = builders.write_image(tmp_path / 'a.jpg'), TRANSFORMS.build(dict(type='LoadSpineImage', lazy=True))

    def pixels(factor):
        return loader.transform(dict(img_path=str(path)))['img'].pixels(factor)

    first = pixels(1)
    assert pixels(1) is first and pixels(2) is pixels(2) and pixels(2).shape == (50, 60, 3) and pixels(1) is first
    builders.write_image(path, seed=1)
    np.testing.assert_array_equal(pixels(1), cv2.imread(str(path)))
    assert not np.array_equal(pixels(1), first)


def test_loaders_can_be_sent_to_other_processes(tmp_path):
    loader = TRANSFORMS.build(dict(type='LoadSpineImage', lazy=True))
    path = str(builders.write_image(tmp_path / 'a.jpg'))
    first = loader.transform(dict(img_path=path))['img'].pixels(1)
    sent = pickle.loads(pickle.dumps(loader))
    np.testing.assert_array_equal(sent.transform(dict(img_path=path))['img'].pixels(1), first)


def test_what_cannot_be_decoded_is_an_error_or_skipped_when_it_is_cropped(tmp_path, warnings):
    path, data = tmp_path / 'a.jpg', opencv(cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    last = data.rindex(b'\xff\xc4')  # a table between the scans
    path.write_bytes(data[: last + 4] + b'\xee' + data[last + 5 :])
    assert cv2.imread(str(path)) is None
    with pytest.raises(ValueError, match='a.jpg is not an image'):
        load(path)
    coded = load(path, lazy=True)['img']
    for _ in range(2):
        with pytest.raises(ValueError, match='a.jpg is not an image'):
            coded.pixels(1)
    skipping = TRANSFORMS.build(dict(type='LoadSpineImage', lazy=True, skip_broken=True))
    results = skipping.transform(
        dict(img_path=str(path), bbox_center=np.full((1, 2), 30.0), bbox_scale=np.full((1, 2), 40.0))
    )
    assert TRANSFORMS.build(dict(type='SpineTopdownAffine', input_size=(9, 12))).transform(results) is None
    assert 'a.jpg is not an image (broken images so far in this process: 1)' in warnings()


def test_large_images_and_pipes_are_broken_ones(tmp_path, warnings):
    path = builders.write_image(tmp_path / 'a.jpg')
    with pytest.raises(ValueError, match='image .*a.jpg has 0.012 megapixels, and at most 0.01 are decoded'):
        load(path, max_megapixels=0.01)
    os.mkfifo(tmp_path / 'b.jpg')
    assert load(tmp_path / 'b.jpg', skip_broken=True) is None and 'b.jpg is a pipe' in warnings()
