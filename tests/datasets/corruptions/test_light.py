import numpy as np
import pytest

from spinepose_mm.datasets.corruptions import darkness, fog, over_exposure
from spinepose_mm.datasets.corruptions.light import expose
from spinepose_mm.datasets.corruptions.texture import value_noise

RNG = np.random.default_rng


def test_exposure_is_linear_in_light():
    greys = np.arange(256, dtype=np.uint8)[None]
    np.testing.assert_array_equal(expose(greys, 0), greys)
    # sRGB's values of half the light of white, and of a half of that (IEC 61966-2-1): 187.5 and 136.9
    assert expose(np.uint8([[255]]), -1)[0, 0] == 188
    assert expose(np.uint8([[255]]), -2)[0, 0] == 137
    assert expose(np.uint8([[137]]), 1)[0, 0] == 188
    assert expose(np.uint8([[0, 188, 255]]), 1).tolist() == [[0, 255, 255]]


def test_severities_are_stops():
    white = np.full((4, 4, 3), 255, np.uint8)
    np.testing.assert_array_equal(darkness(white, 1, 5, RNG(0)), expose(white, -5))
    grey = np.full((4, 4, 3), 60, np.uint8)
    np.testing.assert_array_equal(over_exposure(grey, 1, 4, RNG(0)), expose(grey, 2.5))


@pytest.mark.parametrize('severity, amount', [(1, 1.5), (5, 3.0)])
def test_fog_is_brighter_by_its_amount(severity, amount):
    black, white = np.zeros((60, 80, 3), np.uint8), np.full((60, 80, 3), 255, np.uint8)
    foggy, bright = fog(black, 0.2, severity, RNG(4)), fog(white, 0.2, severity, RNG(4))
    assert foggy.min() == 0 and foggy.max() == pytest.approx(255 * amount / (1 + amount), abs=1)
    assert bright.max() == 255 and bright.min() == pytest.approx(255 / (1 + amount), abs=1)
    # contrast is 1 / (1 + amount) of what it was, everywhere
    np.testing.assert_allclose(bright.astype(float) - foggy, 255 / (1 + amount), atol=1)


def test_value_noise_fills_its_range_and_is_smooth_at_its_wavelength():
    rough, smooth = (value_noise((90, 130), 40, decay, RNG(1)) for decay in (1.0, 4.0))
    for noise in (rough, smooth):
        assert noise.shape == (90, 130) and noise.min() == 0 and noise.max() == 1
    assert abs(np.diff(rough)).mean() > 3 * abs(np.diff(smooth)).mean()
    assert value_noise((3, 2), 900, 2, RNG(1)).shape == (3, 2)
