import numpy as np
import pytest

from spinepose_mm.synthetic.garments import Form
from spinepose_mm.synthetic.hair import STYLES, Hair, hairline, strands
from spinepose_mm.synthetic.headwear import KINDS, covers, glasses, headwear
from spinepose_mm.synthetic.pieces import joined
from spinepose_mm.synthetic.regions import regions
from spinepose_mm.synthetic.shapes import Shape

BARE = np.zeros(len(regions().points), np.float32)


@pytest.fixture(scope='module')
def form():
    return Form.of(Shape.sample(np.random.default_rng(1)).vertices)


@pytest.mark.parametrize('style', STYLES)
def test_hair_lies_on_the_head_and_leaves_the_face_free(style, form):
    pieces = strands(Hair(style), form, 5, BARE)
    if style in ('bald', 'stubble'):
        assert not pieces
        return
    whole = joined(pieces)
    assert set(whole.material) == {5}
    assert (
        np.linalg.norm(whole.vertices[pieces[0].faces].mean(1) - form.vertices[regions().scalp > 0].mean(0), axis=1)
        < 0.3
    ).all()
    x, y, z = whole.rest.T
    assert not ((x > 0.11) & (y < 0.735) & (np.abs(z) < 0.05)).any()


def test_long_hair_ends_where_asked_and_lies_on_clothes(form):
    loose = np.full_like(BARE, 0.03)
    low, high = (joined(strands(Hair('long', end=end), form, 0, BARE)).rest[:, 1].min() for end in (0.35, 0.5))
    assert abs(low - 0.35) < 0.06 and abs(high - 0.5) < 0.06
    bare, dressed = (joined(strands(Hair('long', end=0.4), form, 0, cloth)) for cloth in (BARE, loose))
    back = bare.rest[:, 1] < 0.45
    moved = np.linalg.norm(dressed.vertices - bare.vertices, axis=1)
    assert np.allclose(moved[back], 0.03, atol=1e-4) and moved[bare.rest[:, 1] > 0.7].max() == 0


def test_receding_and_bald_crowns():
    r = regions()
    full, receding, bald = (
        hairline(hair, r.points, r.scalp) > 0
        for hair in (Hair('short'), Hair('short', receding=0.05), Hair('short', crown=0.05))
    )
    assert (receding <= full).all() and receding.sum() < full.sum()
    top = np.argmin(np.linalg.norm(r.points - [0.01, 0.79, 0.0], axis=1))
    assert full[top] and not bald[top]


@pytest.mark.parametrize('kind', KINDS)
def test_headwear_lies_over_the_head(kind, form):
    pieces = headwear(kind, form, 2)
    assert len(pieces) == (2 if kind == 'cap' else 1)
    dome = pieces[0]
    own = dome.share == 0
    vertex = dome.parents[own, 0]
    away = np.einsum('vi,vi->v', dome.vertices[own] - form.vertices[vertex], form.normals[vertex])
    assert away.min() > 0.002
    assert np.isclose(covers(kind, dome.rest).min(), 0, atol=1e-3)


def test_glasses_are_before_the_eyes(form):
    found = glasses(form, 3, 4)
    eyes = form.vertices[regions().eyes]
    assert set(found.material) == {3, 4}
    lenses = found.vertices[np.unique(found.faces[found.material == 4])]
    assert lenses[:, 0].min() > eyes[:, 0].mean()
    assert np.allclose(lenses.mean(0)[1:], eyes.mean(0)[1:], atol=0.01)
