import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spinepose_mm.synthetic import skinning


def motions(*angles, shift=(0, 0, 0)):
    """Return dual quaternions of turns about y by `angles`, in degrees, and a common translation."""
    turns = Rotation.from_euler('y', np.array(angles)[:, None], degrees=True).as_matrix()
    return skinning.dual_quaternions(turns, np.tile(np.asarray(shift, float), (len(angles), 1)), [0] * len(angles))


def test_one_part_moves_rigidly():
    rng = np.random.default_rng(0)
    turn, shift = Rotation.random(random_state=0), rng.normal(size=3)
    points = rng.normal(size=(5, 3)).astype(np.float32)
    motion = skinning.dual_quaternions(turn.as_matrix()[None], shift[None], [0])
    found = skinning.moved(skinning.blend(np.ones((5, 1), np.float32), motion), points)
    np.testing.assert_allclose(found, turn.apply(points) + shift, atol=1e-5)


def test_half_a_quarter_turn_keeps_more_girth_than_blended_matrices():
    """Matrices of 0 and 90 degrees, halved, leave cos(45) of the radius; dual quaternions all of it; this the mean."""
    half = skinning.blend(np.full((1, 2), 0.5, np.float32), motions(0, 90))
    found = skinning.moved(half, np.array([[1, 0, 0]], np.float32))[0]
    assert np.linalg.norm(found) == pytest.approx((1 + np.cos(np.pi / 4)) / 2, abs=1e-5)
    assert np.degrees(np.arctan2(-found[2], found[0])) == pytest.approx(45, abs=1e-3)


def test_signs_follow_the_shorter_way():
    """From -15 to 170 degrees it is 175 backwards, by -102.5, not 185 forwards, by 77.5."""
    half = skinning.blend(np.full((1, 2), 0.5, np.float32), motions(-15, 170))
    found = skinning.moved(half, np.array([[1, 0, 0]], np.float32))[0]
    assert np.degrees(np.arctan2(-found[2], found[0])) == pytest.approx(-102.5, abs=0.1)


def test_a_twist_is_split_from_the_swing():
    swing, twist = Rotation.from_euler('z', 70, degrees=True), Rotation.from_euler('y', 40, degrees=True)
    found = skinning.twist((swing * twist).as_matrix()[None], np.array([0, 1.0, 0]), 0.5)
    np.testing.assert_allclose(found[0], Rotation.from_euler('y', 20, degrees=True).as_matrix(), atol=1e-9)
