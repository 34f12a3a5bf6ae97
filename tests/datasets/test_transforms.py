import cv2
import numpy as np
import pytest
from mmpose.registry import TRANSFORMS

import builders


def load(path, **kwargs):
    return TRANSFORMS.build(dict(type='LoadSpineImage', **kwargs)).transform(dict(img_path=str(path)))


@pytest.mark.parametrize('ending', ['jpg', 'png', 'bmp'])
def test_loads_as_opencv_does(tmp_path, ending):
    path = builders.write_image(tmp_path / f'a.{ending}')
    results = load(path)
    np.testing.assert_array_equal(results['img'], cv2.imread(str(path)))
    assert results['img_shape'] == results['ori_shape'] == (100, 120)


def test_takes_an_image_that_is_loaded():
    picture = np.zeros((4, 6, 3), np.uint8)
    results = TRANSFORMS.build(dict(type='LoadSpineImage')).transform(dict(img=picture))
    assert results['img'] is picture and results['ori_shape'] == (4, 6)


@pytest.mark.parametrize('ending', ['jpg', 'png'])
@pytest.mark.parametrize('part', [.01, .1, .5, .95])
def test_truncated(tmp_path, ending, part):
    path = builders.write_image(tmp_path / f'a.{ending}')
    data = path.read_bytes()
    path.write_bytes(data[:max(9, int(part * len(data)))])
    with pytest.raises(ValueError, match=f'a.{ending} is truncated'):
        load(path)


def test_truncated_progressive_jpeg_with_a_thumbnail(tmp_path):
    path = tmp_path / 'a.jpg'
    picture = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    data = cv2.imencode('.jpg', picture, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    thumbnail = b'\xff\xd8thumbnail\xff\xd9'
    data = data[:2] + b'\xff\xe1' + (2 + len(thumbnail)).to_bytes(2, 'big') + thumbnail + data[2:]
    path.write_bytes(data)
    assert load(path)['img'].shape == (64, 64, 3)
    path.write_bytes(data[:-len(data) // 3])
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


def test_blur_draws_box_and_median():
    picture = np.random.default_rng(0).integers(0, 255, (20, 20, 3), dtype=np.uint8)

    def blurred(**kwargs):
        return TRANSFORMS.build(dict(type='RandomBlur', **kwargs)).transform(dict(img=picture))['img']

    np.testing.assert_array_equal(blurred(box_prob=0, median_prob=0), picture)
    np.testing.assert_array_equal(blurred(box_prob=1, median_prob=0, max_size=3), cv2.blur(picture, (3, 3)))
    np.testing.assert_array_equal(blurred(box_prob=0, median_prob=1, max_size=3), cv2.medianBlur(picture, 3))


@pytest.mark.parametrize('kwargs, message', [
    (dict(box_prob=2), 'box_prob'), (dict(median_prob=-1), 'median_prob'), (dict(max_size=4), 'odd')])
def test_blur_refuses_bad_options(kwargs, message):
    with pytest.raises(ValueError, match=message):
        TRANSFORMS.build(dict(type='RandomBlur', **kwargs))
