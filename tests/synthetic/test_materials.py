import numpy as np
import pytest

from spinepose_mm.synthetic.hair import STYLES, Hair
from spinepose_mm.synthetic.materials import PATTERNS, Cloth, cloth
from spinepose_mm.synthetic.noise import noise
from spinepose_mm.synthetic.regions import regions
from spinepose_mm.synthetic.skin import EYE, LIPS, Eye, Skin, Strands, linear, skin_tone

TONE = skin_tone(4)
MATERIALS = {
    **{name: Cloth(np.array([[0.1, 0.2, 0.6], [0.7, 0.7, 0.6], [0.02] * 3]), name) for name in PATTERNS},
    **{f'skin {name}': Skin(TONE, np.full(3, 0.02), Hair(name), beard=0.7, lines=0.8) for name in STYLES},
    'eye': Eye(np.array([0.1, 0.2, 0.3])),
    'hair': Strands(np.array([0.1, 0.05, 0.02]), grey=0.5),
    'curls': Strands(np.array([0.1, 0.05, 0.02]), curly=True),
    'print': cloth(np.random.default_rng(1), {'print': 1}),
}


@pytest.mark.parametrize('name', MATERIALS)
def test_albedo_is_between_0_and_1_and_the_same_each_time(name):
    points = regions().points
    found = MATERIALS[name](points)
    assert found.shape == points.shape and found.min() >= 0 and found.max() <= 1
    assert np.array_equal(found, MATERIALS[name](points))
    assert np.allclose(found[40:41], MATERIALS[name](points[40:41]))  # whatever else is asked for
    assert MATERIALS[name](points[:0]).shape == (0, 3)


def test_stripes_are_as_wide_as_asked():
    striped = Cloth(np.array([[0.0] * 3, [1.0] * 3]), 'stripes', period=0.05, worn=0, seed=2)
    heights = np.arange(0.10, 0.35, 0.0005)
    bright = striped(np.stack([0 * heights + 0.1, heights, 0 * heights], axis=1))[:, 0] > 0.4
    assert (np.diff(bright.astype(int)) == 1).sum() == 5  # in 25 cm


def test_the_face_has_eyes_and_lips():
    skin = Skin(TONE, np.full(3, 0.02), Hair('bald'))
    lip, chin = skin(np.array([[0.15, LIPS - 0.005, 0.0], [0.15, 0.60, 0.0]]))
    assert lip[1] / lip[0] < 0.8 * chin[1] / chin[0]  # redder
    eye = Eye(np.array([0.1, 0.2, 0.3]))
    pupil, iris, white = eye(np.array([[0.13, 0.6948, 0.0292], [0.13, 0.6948, 0.0292 + 0.004], [0.13, 0.6948, 0.0392]]))
    assert pupil.max() < 0.02 and np.allclose(iris, [0.1, 0.2, 0.3], atol=0.01) and white.min() > 0.3
    assert EYE[1] > 0


def test_skin_tones_get_darker_along_the_scale():
    tones = np.array([skin_tone(place) for place in range(10)])
    light = tones @ [0.2126, 0.7152, 0.0722]
    assert light[0] > 0.45 and light[-1] < 0.05
    assert (np.diff(light[2:]) < 0).all()
    assert (tones[:, 0] > tones[:, 2]).all()


def test_linear_is_that_of_srgb():
    assert np.allclose(linear('808080'), 0.2158605, atol=1e-6)
    assert linear('000000').max() == 0 and np.allclose(linear('ffffff'), 1)


def test_noise_has_no_mean_and_does_not_jump():
    points = np.random.default_rng(0).uniform(-1, 1, (20000, 3))
    values = noise(points, 20)
    assert abs(values.mean()) < 0.02 and 0.55 < values.std() < 0.75
    assert np.abs(noise(points + 1e-4, 20) - values).max() < 0.02
    assert not np.allclose(values, noise(points, 20, seed=1))
