import numpy as np
import pytest

from spinepose_mm.synthetic.dressing import EYE, HAIRS, SKIN, dress
from spinepose_mm.synthetic.garments import Form
from spinepose_mm.synthetic.regions import CROTCH, regions
from spinepose_mm.synthetic.shapes import Shape
from spinepose_mm.synthetic.wardrobe import BOTTOMS, OCCASIONS, TOPS, WOMENS_BOTTOMS, WOMENS_TOPS


def _dressed(seed, occasion=None):
    rng = np.random.default_rng(seed)
    shape = Shape.sample(rng)
    return shape, dress(shape, shape.vertices, rng, occasion)


def _private(points):
    """Vertices of the template that everybody covers, and those that women and girls cover."""
    x, y, z = points.T
    pelvis = (y > CROTCH + 0.015 + 0.5 * np.clip(np.abs(z) - 0.01, 0, None)) & (y < 0.06) & (np.abs(z) < 0.3)
    chest = (x > 0.07) & (np.abs(z) > 0.02) & (np.abs(z) < 0.12) & (y > 0.26) & (y < 0.36)
    return np.flatnonzero(pelvis), np.flatnonzero(chest)


def _bare(shape, dressed, private):
    """Vertices of the skin that no cloth lies over, of those that are private."""
    piece, form = dressed.piece, Form.of(shape.vertices)
    cloth = np.zeros(len(piece.vertices), bool)
    cloth[piece.faces[piece.material > HAIRS]] = True
    own = np.flatnonzero(cloth & (piece.share == 0))
    vertex = piece.parents[own, 0]
    over = np.einsum('vi,vi->v', piece.vertices[own] - form.vertices[vertex], form.normals[vertex]) > 0
    return set(private.tolist()) - set(vertex[over].tolist())


@pytest.mark.parametrize('people', [30, pytest.param(200, marks=pytest.mark.slow)])
def test_everybody_is_dressed(people):
    pelvis, chest = _private(regions().points)
    assert len(pelvis) > 80 and len(chest) > 80
    women = 0
    for seed in range(people):
        shape, dressed = _dressed(seed)
        assert not _bare(shape, dressed, pelvis), seed
        if shape.female:
            women += 1
            assert not _bare(shape, dressed, chest), seed
    assert women > people / 4


def test_swimmers_are_dressed():
    pelvis, chest = _private(regions().points)
    for seed in range(8):
        shape, dressed = _dressed(seed, 'swim')
        assert not _bare(shape, dressed, np.concatenate([pelvis, chest]) if shape.female else pelvis), seed


def test_same_seed_same_person():
    (_, one), (_, same), (_, other) = _dressed(5), _dressed(5), _dressed(6)
    for name in ('vertices', 'faces', 'rest', 'parents', 'share', 'slack', 'material'):
        assert np.array_equal(getattr(one.piece, name), getattr(same.piece, name)), name
    assert one.piece.vertices.shape != other.piece.vertices.shape


@pytest.mark.parametrize('occasion', OCCASIONS)
def test_faces_have_vertices_and_materials_in_order(occasion):
    _, dressed = _dressed(11, occasion)
    piece = dressed.piece
    assert np.array_equal(np.unique(piece.faces), np.arange(len(piece.vertices)))
    assert piece.material.min() == SKIN and piece.material.max() < len(dressed.materials)
    assert (piece.material == EYE).sum() > 50
    assert np.isfinite(piece.vertices).all() and np.isfinite(piece.rest).all()
    assert (piece.share >= 0).all() and (piece.share <= 1).all()


def test_clothes_move_with_the_body_and_hang():
    shape, dressed = _dressed(8)
    moves = np.zeros((len(shape.vertices), 3, 4), np.float32)
    moves[:, 0, 2], moves[:, 1, 1], moves[:, 2, 0] = 1, 1, -1  # a quarter turn about the upright axis
    moves[:, 0, 3] = 2.0
    found = dressed.vertices(moves)
    x, y, z = dressed.piece.vertices.T
    assert np.allclose(found, np.stack([z + 2, y - dressed.piece.slack, -x], axis=1), atol=1e-5)
    assert dressed.piece.slack.max() > 0
    surface = dressed.surface(moves, owner=4)
    assert surface.owner == 4 and np.array_equal(surface.vertices, found)


def test_every_garment_can_be_made():
    from spinepose_mm.synthetic import wardrobe

    rng = np.random.default_rng(0)
    for table in (*TOPS.values(), *WOMENS_TOPS.values()):
        for name in table:
            assert wardrobe._top(name, rng).name == name
            assert name in wardrobe.CLOTHS
    for table in (*BOTTOMS.values(), *WOMENS_BOTTOMS.values()):
        for name in table:
            worn = wardrobe.Outfit()
            wardrobe._bottom(worn, name, rng, 0.2)
            assert worn.garments and len(worn.cloths) == len(worn.garments)
    with pytest.raises(ValueError, match='toga'):
        wardrobe._top('toga', rng)
