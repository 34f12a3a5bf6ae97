import numpy as np
import pytest

from spinepose_mm.synthetic import anatomy
from spinepose_mm.synthetic.body import Body
from spinepose_mm.synthetic.posture import ENDS, PATTERNS, SCOLIOTIC_SHARE, Posture, Scoliosis, standing


def drawn(age, count=3000):
    rng = np.random.default_rng(0)
    return [Posture.sample(rng, age) for _ in range(count)]


def stands(scoliosis, kyphosis=38.0):
    """Return ({vertebra: rotation in the pelvis's frame}, {vertebra: turn on the one below})."""
    body = Body(kyphosis=kyphosis)
    flexion = np.array([body.neutral_flexion()[name] for name in anatomy.VERTEBRAE])
    upright, relative = standing(flexion, body.sacral_slope(), scoliosis)
    return dict(zip(anatomy.VERTEBRAE, upright)), dict(zip(anatomy.VERTEBRAE, relative))


def lean(turn):
    """Return how far a vertebra leans to the person's right as a radiograph from the front shows it, in degrees."""
    return np.degrees(np.arctan2(turn[2, 1], turn[1, 1]))


def test_curves_of_the_young_are_those_of_adults_but_for_the_flat():
    """Means and standard deviations of the studies that `anatomy` cites, which lie over those of flat backs."""
    people = [person for person in drawn(30) if person.lordosis > 27 or person.kyphosis > 18]
    curves = np.array([(person.lordosis, person.kyphosis) for person in people])
    np.testing.assert_allclose(curves.mean(0), [49.8, 38], atol=1)
    np.testing.assert_allclose(curves.std(0), [11.2, 10], rtol=0.06)


def test_the_old_are_often_hyperkyphotic():
    shares = {age: np.mean([person.kyphosis >= 50 for person in drawn(age)]) for age in (30, 75)}
    assert shares[30] < 0.14 and 0.33 < shares[75] < 0.43  # .3 and what the normal distribution has


def test_scoliosis_is_as_frequent_and_as_large_as_stated():
    curves = [person.scoliosis for person in drawn(30) if person.scoliosis]
    assert len(curves) / 3000 == pytest.approx(SCOLIOTIC_SHARE, abs=0.02)
    cobb = np.array([curve.cobb for curve in curves])
    assert 10 <= cobb.min() < 13 and 42 < cobb.max() <= 45  # the Scoliosis Research Society's definition begins at 10
    assert {curve.pattern for curve in curves} == set(PATTERNS)
    assert np.mean([curve.convex for curve in curves if curve.pattern == 'thoracic']) > 0.6


@pytest.mark.parametrize('pattern', PATTERNS)
@pytest.mark.parametrize('convex', [1, -1])
def test_cobb_is_as_asked_from_the_front_and_the_side(pattern, convex):
    upper, lower = ENDS[pattern]
    turns, _ = stands(Scoliosis(pattern, 30.0, convex))
    assert convex * (lean(turns[lower]) - lean(turns[upper])) == pytest.approx(30)
    ups = [turns[name][:, 1] for name in ('T12', 'T4')]
    kyphosis = np.degrees(np.subtract(*[np.arctan2(up[0], up[1]) for up in reversed(ups)]))
    assert kyphosis == pytest.approx(38)
    # No other pair of vertebrae of the curve leans more against each other.
    inside = anatomy.VERTEBRAE[anatomy.VERTEBRAE.index(lower) : anatomy.VERTEBRAE.index(upper) + 1]
    leans = [lean(turns[name]) for name in inside]
    assert np.ptp(leans) == pytest.approx(30)


def test_bodies_of_a_right_thoracic_curve_turn_to_the_right_and_the_head_stays_level():
    turns, relative = stands(Scoliosis('thoracic', 40.0, 1))
    assert turns['T8'][2, 0] > 0.2  # z, the right, is where its front looks
    assert relative['T8'].shape == (3,)
    for name in ('L5', 'C7', 'C1'):
        assert abs(turns[name][2, 0]) < 0.02
    assert lean(turns['C1']) == pytest.approx(0)


def test_no_scoliosis_is_flexion_alone():
    turns, relative = stands(None)
    assert all(np.allclose(angles[1:], 0, atol=1e-9) for angles in relative.values())
    assert lean(turns['T8']) == pytest.approx(0)
    assert relative['L5'][0] == pytest.approx(-49.8 * 0.37)
