import numpy as np
import pytest

from spinepose_mm.datasets.corruptions import defocus_blur, motion_blur
from spinepose_mm.datasets.corruptions.blur import disk_kernel, motion_kernel


def moments(kernel):
    """Return the mean (x, y) and the covariance of a kernel's weights, from its middle."""
    reach = len(kernel) // 2
    places = np.stack(np.meshgrid(*[np.arange(-reach, reach + 1)] * 2), -1).reshape(-1, 2)
    return np.average(places, 0, kernel.ravel()), np.cov(places.T, aweights=kernel.ravel(), ddof=0)


@pytest.mark.parametrize('angle', [0, 0.6, np.pi / 2, 2.5])
@pytest.mark.parametrize('radius', [0.3, 4, 20])
def test_a_motion_kernel_is_a_line_around_its_middle(radius, angle):
    kernel = motion_kernel(radius, 1e6, angle)  # of even speed
    assert kernel.sum() == pytest.approx(1)
    mean, covariance = moments(kernel)
    np.testing.assert_allclose(mean, 0, atol=1e-9)
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    assert across @ covariance @ across < 0.3
    if radius > 1:  # the variance of a line of this length
        assert along @ covariance @ along == pytest.approx((2 * radius) ** 2 / 12, rel=0.1)


def test_a_motion_kernel_falls_off_as_a_gaussian():
    middle = motion_kernel(12, 3, 0)
    row = middle[len(middle) // 2]
    assert row[len(row) // 2 + 3] / row[len(row) // 2] == pytest.approx(np.exp(-0.5))


@pytest.mark.parametrize('radius', [0.2, 3, 10.5])
def test_a_disk_kernel_is_even_and_round(radius):
    kernel = disk_kernel(radius, 0.1)
    assert kernel.sum() == pytest.approx(1)
    np.testing.assert_allclose(kernel, kernel.T)
    np.testing.assert_allclose(kernel, kernel[::-1])
    if radius > 1:
        assert kernel.max() == pytest.approx(1 / (np.pi * radius**2), rel=0.02)
        assert moments(kernel)[1][0, 0] == pytest.approx(radius**2 / 4, rel=0.1)  # of a disk


def test_larger_people_are_blurred_further():
    image = np.zeros((101, 101, 3), np.uint8)
    image[:, 50:] = 255  # an edge, whose ramp is as wide as the disk
    widths = [
        ((row := defocus_blur(image, scale, 3, np.random.default_rng(0))[50, :, 0]) > 0).sum() - (row == 255).sum()
        for scale in (1, 2)
    ]
    assert widths == [pytest.approx(12, abs=2), pytest.approx(24, abs=2)]


def test_even_images_stay_even():
    grey = np.full((30, 40, 3), 77, np.uint8)
    for blur in (motion_blur, defocus_blur):
        np.testing.assert_array_equal(blur(grey, 1, 5, np.random.default_rng(0)), grey)
