import io

import numpy as np
import pytest
from PIL import Image

from spinepose_mm.datasets.corruptions import jpeg, low_resolution, noise

RNG = np.random.default_rng


@pytest.mark.parametrize('severity, photons', [(1, 60), (3, 12)])
def test_noise_has_the_mean_and_variance_of_photons(severity, photons):
    level = 0.4
    image = np.full((200, 200, 3), round(255 * level), np.uint8)
    values = noise(image, 1, severity, RNG(0)) / 255
    assert values.mean() == pytest.approx(level, abs=0.005)
    assert values.var() == pytest.approx(level / photons, rel=0.05)


def test_noise_of_large_people_is_as_coarse_for_their_size():
    image = np.full((90, 120, 3), 100, np.uint8)
    coarse = noise(image, 3, 2, RNG(0)).reshape(30, 3, 40, 3, 3)
    assert (coarse == coarse[:, :1, :, :1]).all()
    assert coarse.std() == pytest.approx(noise(image, 1, 2, RNG(0)).std(), rel=0.1)
    fine = noise(image, 0.2, 2, RNG(0))  # pixels are not divided
    np.testing.assert_array_equal(fine, noise(image, 1, 2, RNG(0)))


def test_black_has_no_noise():
    black = np.zeros((20, 20, 3), np.uint8)
    assert not noise(black, 1, 5, RNG(0)).any()


def test_jpeg_has_the_quality_of_its_severity(image):
    for severity, quality in zip(range(1, 6), (25, 18, 15, 10, 7)):
        coded = io.BytesIO()
        Image.fromarray(image[..., ::-1]).save(coded, 'JPEG', quality=quality)  # the same library, by Pillow
        expected = np.asarray(Image.open(coded))[..., ::-1].astype(int)
        assert abs(jpeg(image, 1, severity, RNG(0)) - expected).mean() < 0.5


def test_low_resolution_leaves_means_in_larger_pixels():
    image = np.zeros((40, 40, 3), np.uint8)
    image[:, ::2] = 200
    quarter = low_resolution(image, 1, 5, RNG(0))
    np.testing.assert_array_equal(quarter, 100)
    image = RNG(0).integers(0, 255, (40, 80, 3), np.uint8)
    blocks = low_resolution(image, 2, 2, RNG(0)).reshape(10, 4, 20, 4, 3)  # a half of the half of a large person
    assert (blocks == blocks[:, :1, :, :1]).all()
    np.testing.assert_allclose(blocks[:, 0, :, 0], image.reshape(10, 4, 20, 4, 3).mean((1, 3)), atol=0.51)
