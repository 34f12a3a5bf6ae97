import numpy as np
import pytest

from spinepose_mm.synthetic.lens import Faults, develop
from spinepose_mm.synthetic.shading import Layers

NONE = Faults(0, 0, 0, 0, 0, 0, 0)


@pytest.fixture
def layers():
    """A white square, 3 m away, before a dark background with fine stripes."""
    shape = (96, 128)
    cover = np.zeros(shape, np.float32)
    cover[32:64, 48:80] = 1
    back = np.full((*shape, 3), 0.05, np.float32)
    back[:, ::2] = 0.25
    return Layers(
        front=0.8 * np.repeat(cover[..., None], 3, axis=2),
        cover=cover,
        back=back,
        owner=np.where(cover > 0, 0, -1),
        depth=np.where(cover > 0, np.float32(3), np.float32(np.inf)),
        flow=np.zeros((*shape, 2), np.float32),
        far=np.full(shape, 100, np.float32),
    )


def _images(layers, faults, count=6):
    return [develop(np.random.default_rng(seed), layers, faults) for seed in range(count)]


def _sharpness(image, part):
    return np.abs(np.diff(image[part].astype(float), axis=1)).mean()


def _steepest(image):
    return np.abs(np.diff(image[48, 44:52, 1].astype(float))).max()


BACK = np.s_[4:20, 4:120, 1]


def test_exposure_brings_the_image_to_a_middle_grey(layers):
    for factor in (1e-3, 1, 1e3):
        layers.front, layers.back = layers.front * factor, layers.back * factor
        image = develop(np.random.default_rng(0), layers, NONE)
        assert 60 < image.mean() < 170 and image[48, 64].min() > image[4, 4].max()
        layers.front, layers.back = layers.front / factor, layers.back / factor
    assert np.std([image.mean() for image in _images(layers, NONE)]) > 3  # the common, small error


def test_same_seed_same_bytes(layers):
    for faults in (Faults(), Faults(1, 1, 1, 1, 1, 1, 1)):
        np.testing.assert_array_equal(*(develop(np.random.default_rng(5), layers, faults) for _ in range(2)))


def test_blur_of_motion_goes_along_it(layers):
    layers.flow[:] = 400, 0
    layers.back[:] = 0.05
    still, moved = (develop(np.random.default_rng(3), layers, faults) for faults in (NONE, Faults(1, 0, 0, 0, 0, 0, 0)))

    def edge(image, axis):
        line = image[48, :, 1] if axis else image[:, 64, 1]
        return int(((line > line.min() + 12) & (line < line.max() - 12)).sum())

    assert edge(still, 0) == edge(still, 1) == 0
    assert edge(moved, 1) > 8 and edge(moved, 0) < edge(moved, 1) / 2


def test_defocus_blurs_what_is_far_and_not_the_person(layers):
    for sharp, blurred in zip(_images(layers, NONE), _images(layers, Faults(0, 1, 0, 0, 0, 0, 0))):
        assert _sharpness(blurred, BACK) < 0.5 * _sharpness(sharp, BACK)
        assert _steepest(blurred) > 0.4 * _steepest(sharp)


def test_noise_and_jpeg_change_the_image_a_little(layers):
    layers.back[:] = 0.15
    for faults in (Faults(0, 0, 0, 1, 0, 0, 0), Faults(0, 0, 0, 0, 0, 0, 1)):
        changed = [np.abs(a.astype(int) - b).mean() for a, b in zip(_images(layers, NONE), _images(layers, faults))]
        assert max(changed) > 0.3 and max(changed) < 40


def test_white_balance_tints_grey(layers):
    def tint(faults):
        return max(float(np.ptp(image[4:20, 4:20].mean(axis=(0, 1)))) for image in _images(layers, faults))

    assert tint(NONE) < 1 and tint(Faults(0, 0, 0, 0, 1, 0, 0)) > 4
