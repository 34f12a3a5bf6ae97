import numpy as np
import pytest

from spinepose_mm.datasets.corruptions import truncate
from spinepose_mm.datasets.corruptions.truncation import beyond


@pytest.mark.parametrize('severity', range(1, 6))
def test_a_side_of_the_box_is_cut_off(severity):
    image, box, sides = np.full((100, 120, 3), 7, np.uint8), np.array([10.0, 20, 110, 70]), set()
    for seed in range(30):
        cut, left = truncate(image, box, severity, np.random.default_rng(seed))
        side = int(np.flatnonzero(left != box)[0])
        sides.add(side)
        axis = side % 2
        part = (left[axis + 2] - left[axis]) / (box[axis + 2] - box[axis])
        assert np.count_nonzero(left != box) == 1 and part == pytest.approx(1 - severity / 10)
        kept = np.flatnonzero(cut.any((axis, 2)))
        border = {0: kept[0], 1: kept[0], 2: kept[-1], 3: kept[-1]}[side]
        assert border == pytest.approx(left[side], abs=1)
        assert len(kept) == np.ptp(kept) + 1 and cut.shape == image.shape and cut.dtype == np.uint8
        assert (cut[cut > 0] == 7).all()
    assert sides == {0, 1, 2, 3}
    assert (image == 7).all()


def test_points_are_lost_beyond_the_cut_alone():
    box, left = np.array([10.0, 20, 110, 70]), np.array([10.0, 20, 60, 70])
    points = np.array([[[60, 30], [60.5, 30], [5, 0], [40, 99]]])
    assert beyond(points, box, left).tolist() == [[False, True, False, False]]
    assert beyond(points, box, np.array([10.0, 25, 110, 70])).tolist() == [[False, False, True, False]]
    assert not beyond(points, box, box).any()


def test_a_cut_outside_the_image():
    image = np.full((50, 50, 3), 7, np.uint8)
    for seed in range(10):
        assert truncate(image, np.array([60.0, 60, 90, 90]), 3, np.random.default_rng(seed))[0].shape == image.shape
        assert truncate(image, np.array([-90.0, -90, -60, -60]), 3, np.random.default_rng(seed))[0].shape == image.shape
