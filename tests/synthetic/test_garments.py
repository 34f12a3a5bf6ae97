import numpy as np
import pytest

from spinepose_mm.synthetic.garments import Form, Garment, layers
from spinepose_mm.synthetic.hang import hang
from spinepose_mm.synthetic.regions import clothed, regions
from spinepose_mm.synthetic.shapes import Shape

TROUSERS = Garment('trousers', leg=1.5, top=0.13, loose=(0.004, 0.02))
SHIRT = Garment('shirt', bottom=0.01, sleeve=0.5, loose=(0.006, 0.018), fall=0.05)
JACKET = Garment('jacket', bottom=0.0, sleeve=1.9, opening=(0.03, 0.06), loose=(0.001, 0.001), fall=1.0)


@pytest.fixture(scope='module')
def form():
    return Form.of(Shape.sample(np.random.default_rng(3)).vertices)


def _at(piece, values):
    """Values of the body's vertices at a piece's."""
    first, second = values[piece.parents].T
    return first + piece.share * (second - first)


def test_hems_are_where_they_were_asked_for(form):
    (trousers, shirt), *_ = layers([TROUSERS, SHIRT], form, np.random.default_rng(0))
    r = regions()
    assert np.isclose(_at(trousers, r.leg).max(), 1.5, atol=1e-3)
    assert np.isclose(trousers.rest[:, 1].max(), 0.13, atol=1e-4)
    assert np.isclose(_at(shirt, r.arm).max(), 0.5, atol=1e-3)
    assert np.isclose(shirt.rest[:, 1].min(), 0.01, atol=1e-4)


def _heights(piece, form):
    """How far a piece stands off at the body's vertices under it: {vertex: metres}, its hem's inner edge left out."""
    own = np.flatnonzero(piece.share == 0)
    vertex = piece.parents[own, 0]
    away = np.einsum('vi,vi->v', piece.vertices[own] - form.vertices[vertex], form.normals[vertex])
    return dict(zip(vertex.tolist(), away.tolist()))


def test_layers_lie_over_each_other_and_hanging_does_not_change_that(form):
    pieces, hidden, outermost = layers([TROUSERS, SHIRT, JACKET], form, np.random.default_rng(0))
    below: dict[int, float] = {}
    sagged: dict[int, float] = {}
    for piece in pieces:
        heights = _heights(piece, form)
        assert min(heights.values()) > 0.001
        own = piece.share == 0
        slack = dict(zip(piece.parents[own, 0].tolist(), piece.slack[own].tolist()))
        for vertex, height in heights.items():
            assert height > below.get(vertex, 0) + 0.002
            assert height - slack[vertex] > 0  # it does not hang into the body
            assert slack[vertex] >= sagged.get(vertex, 0) - 1e-6  # nor does what is under it, into it
        below |= heights
        sagged |= slack
    assert hidden.sum() > 1500
    assert not set(np.flatnonzero(hidden)) - set(below)  # what is hidden is covered
    assert all(outermost[vertex] > height - 1e-5 for vertex, height in below.items())


def test_an_opening_is_open(form):
    (jacket,), *_ = layers([JACKET], form, np.random.default_rng(0))
    front = jacket.rest[:, 0] > 0.05
    assert np.abs(jacket.rest[front, 2]).min() > 0.029


def test_cloth_falls_straight_from_the_chest(form):
    part = form.part(clothed())
    straight, clinging = hang(part.vertices, 0.0), hang(part.vertices, 1.0)
    assert (straight >= clinging - 1e-6).all() and clinging.min() >= 0
    waist = np.abs(part.where.points[:, 1] - 0.155) < 0.03
    assert straight[waist].mean() > clinging[waist].mean() + 0.005
