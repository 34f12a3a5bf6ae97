import numpy as np
import pytest

from spinepose_mm.datasets.corruptions import PIXELS, scale_of


def psnr(image, other):
    return 10 * np.log10(255**2 / ((image.astype(float) - other) ** 2).mean())


@pytest.mark.parametrize('name', PIXELS)
@pytest.mark.parametrize('scale', [0.5, 1.5])
def test_each_severity_takes_more_of_the_image(name, scale, image):
    before, quality = image.copy(), [np.inf]
    for severity in range(1, 6):
        corrupted = PIXELS[name](image, scale, severity, np.random.default_rng(3))
        assert corrupted.dtype == np.uint8 and corrupted.shape == image.shape
        quality.append(psnr(image, corrupted))
        again = PIXELS[name](image, scale, severity, np.random.default_rng(3))
        np.testing.assert_array_equal(again, corrupted)
    slack = 0.2 * (name == 'fog')  # whose severities 3 and 4 differ in roughness alone
    assert (np.diff(quality) < slack).all(), quality
    assert quality[5] < quality[3] < quality[1]
    assert quality[1] > 10  # the least leaves most of it
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize('name', PIXELS)
@pytest.mark.parametrize('shape', [(1, 1, 3), (2, 90, 3), (64, 3, 3)])
def test_small_images_keep_their_shape(name, shape):
    image = np.full(shape, 90, np.uint8)
    for scale in (0.01, 3.0):
        assert PIXELS[name](image, scale, 5, np.random.default_rng(0)).shape == shape


@pytest.mark.parametrize('severity', [0, 6, 1.5])
def test_other_severities_are_refused(severity, image):
    with pytest.raises(ValueError, match='from 0 to 5'):
        PIXELS['fog'](image, 1, severity, np.random.default_rng(0))


def test_the_scale_is_the_longer_side_of_224_pixels():
    assert scale_of((10, 20, 122, 468)) == 2
    assert scale_of((0, 0, 0, 0)) == 1 / 224
