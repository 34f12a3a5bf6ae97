import numpy as np
import pytest

from spinepose_mm.synthetic.garments import Form
from spinepose_mm.synthetic.regions import regions
from spinepose_mm.synthetic.shapes import Shape
from spinepose_mm.synthetic.shoes import shoes
from spinepose_mm.synthetic.skirts import skirt


@pytest.fixture(scope='module')
def form():
    return Form.of(Shape.sample(np.random.default_rng(2)).vertices)


def test_shoes_are_around_the_feet_on_a_flat_sole(form):
    pair = shoes(form, 7, 8, thick=0.01)
    feet = form.vertices[regions().leg > 2.02]
    for axis in (0, 2):
        assert pair.vertices[:, axis].min() < feet[:, axis].min() and pair.vertices[:, axis].max() > feet[:, axis].max()
    ground = feet[:, 1].min() - 0.01 * form.scale
    assert np.isclose(pair.vertices[:, 1].min(), ground, atol=0.004)
    soles = np.unique(pair.faces[pair.material == 8])
    assert set(pair.material) == {7, 8} and pair.vertices[soles, 1].max() < ground + 0.05
    left, right = (pair.vertices[side * pair.vertices[:, 2] > 0] for side in (-1, 1))
    assert len(left) == len(right) and len(set(pair.parents.ravel())) == 2  # each follows its own heel


def test_a_skirt_is_around_both_thighs_and_as_long_as_asked(form):
    short, long = (skirt(form, hem, 0.1, 0.0, 1, np.random.default_rng(0)) for hem in (0.3, 0.9))
    assert long.rest[:, 1].min() < short.rest[:, 1].min() - 0.3
    r = regions()
    thighs = form.vertices[(r.leg > 0.3) & (r.leg < 0.45) & (r.armed < 0.1)]
    near = short.vertices[np.abs(short.vertices[:, 1] - thighs[:, 1].mean()) < 0.03]
    assert np.abs(near[:, 2]).max() > np.abs(thighs[:, 2]).max()
    assert near[:, 0].max() > thighs[:, 0].max() and near[:, 0].min() < thighs[:, 0].min()
    middle = np.abs(short.rest[:, 2]) < 0.01
    assert np.allclose(short.share[middle], 0.5, atol=0.2)  # between the legs it goes with both
