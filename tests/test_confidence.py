import numpy as np
import pytest

from spinepose_mm import skeleton
from spinepose_mm.confidence import Calibration, confidence, read_calibration


def test_by_hand():
    """S1's constant is .14 and the nose's .052; slope 2 and offset 0 make c of s k to c^2 / (1 + c^2)."""
    scores = np.zeros((2, 37))
    scores[0, skeleton.index('S1')], scores[1, skeleton.index('nose')] = 1 / 0.14, 3 / 0.052
    found = confidence(scores, Calibration(2.0, 0.0))
    assert found[0, skeleton.index('S1')] == pytest.approx(0.5) and found[1, skeleton.index('nose')] == pytest.approx(
        0.9
    )
    assert found.sum() == pytest.approx(1.4)  # of a score of 0 there is none
    moved = confidence(scores, Calibration(2.0, np.log(4)))  # four times the odds
    assert moved[0, skeleton.index('S1')] == pytest.approx(0.8)


def test_without_a_calibration_the_customary_threshold_is_the_middle():
    np.testing.assert_allclose(confidence([0.1, 0.3, 0.6, 0.9, 0, -1, np.inf]), [0.1, 0.5, 0.8, 0.9, 0, 0, 1])
    assert confidence(np.float32([0.3])) >= 0.5 and confidence([0.2999]) < 0.5


@pytest.mark.parametrize('calibration', [None, Calibration(1.983, 6.266), Calibration(0.2, -3)])
def test_in_the_order_of_the_scores_and_within_0_to_1(calibration):
    scores = np.repeat(np.linspace(-0.5, 1.8, 200)[:, None], 17, axis=1)  # of the first 17 keypoints
    found = confidence(scores, calibration)
    assert found.shape == (200, 17) and found.min() == 0 and found.max() < 1
    assert (np.diff(found, axis=0) >= 0).all() and (np.diff(found[scores[:, 0] > 0], axis=0) > 0).all()


def test_wider_tolerances_are_easier_to_meet():
    found = confidence(np.full(37, 0.5), Calibration(1.983, 6.266))
    np.testing.assert_array_equal(np.argsort(found, kind='stable'), np.argsort(skeleton.SIGMAS, kind='stable'))


def test_of_no_people_and_of_no_number():
    assert confidence(np.zeros((0, 37)), Calibration(1.0, 0.0)).shape == (0, 37)
    assert np.isnan(confidence([np.nan]))


def test_what_a_config_has():
    assert read_calibration(None, 'a') is None
    assert read_calibration(dict(slope=2, offset=-1), 'a') == Calibration(2.0, -1.0)
    for wrong in (
        dict(slope=0, offset=1),
        dict(slope=-1, offset=1),
        dict(slope=1),
        dict(slope='steep', offset=1),
        3,
        dict(slope=1, offset=float('nan')),
        dict(slope=1, offset=1, width=1),
        {},
    ):
        with pytest.raises(ValueError, match='some file: calibration is dict'):
            read_calibration(wrong, 'some file')
