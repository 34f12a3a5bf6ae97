import numpy as np
import pytest

from spinepose_mm.synthetic.shapes import Shape, topology


def drawn(kind, count=40):
    rng = np.random.default_rng(0)
    return [Shape.sample(rng, kind) for _ in range(count)]


def volume(shape):
    a, b, c = np.moveaxis(shape.vertices[topology().faces].astype(float), 1, 0)
    return (np.cross(a, b) * c).sum() / 6


def test_adults_are_as_tall_as_europeans_and_children_as_children():
    """Adults: as those of `Body.sample`. A child of 6 years measures 1.16 m (WHO growth reference, 2007)."""
    adults = drawn('adult', 200)
    for female, mean in ((True, 1.63), (False, 1.77)):
        statures = [shape.stature for shape in adults if shape.female == female]
        assert np.mean(statures) == pytest.approx(mean, abs=0.04)
    young = [shape.stature for shape in drawn('child', 150) if 5 <= shape.age < 7]
    assert np.mean(young) == pytest.approx(1.16, abs=0.06)


def test_kinds_are_what_they_say():
    assert all(shape.age < 14 for shape in drawn('child'))
    assert all(shape.age > 65 for shape in drawn('old'))
    mass = {kind: np.mean([volume(shape) / shape.stature**2 for shape in drawn(kind)]) for kind in ('heavy', 'athlete')}
    assert mass['heavy'] * 985 > 27 > mass['athlete'] * 985 > 19  # kg/m², at the density of a body
    with pytest.raises(ValueError, match='kind is one of anyone'):
        Shape.sample(np.random.default_rng(0), 'giant')


def test_the_head_of_a_child_is_a_larger_part_of_it():
    """From the chin's level up: 1/6 of the height at six years, 1/7.5 of an adult's."""

    def part(shape):
        return (shape.vertices[:, 1].max() - shape.joints['head'][1]) / shape.stature

    assert np.mean([part(shape) for shape in drawn('child')]) > 1.15 * np.mean(
        [part(shape) for shape in drawn('adult')]
    )


def test_stands_in_this_projects_axes():
    for shape in drawn('anyone', 10):
        assert shape.joints['wrist.R'][2] > 0.1 > -0.1 > shape.joints['wrist.L'][2]
        assert shape.joints['toe1-1.R'][0] > shape.joints['foot.R'][0]
        assert shape.joints['head'][1] > shape.joints['root'][1] > shape.joints['foot.L'][1]
        assert volume(shape) > 0  # the faces look outward


def test_same_seed_same_shape():
    first, second = (Shape.sample(np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first.vertices, second.vertices)
    assert not np.array_equal(first.vertices, Shape.sample(np.random.default_rng(4)).vertices)


def test_weights_are_shares():
    mesh = topology()
    np.testing.assert_allclose(mesh.weights.sum(1), 1, atol=1e-5)
    assert mesh.faces.max() == len(mesh.bones) - 1 == len(drawn('anyone', 1)[0].vertices) - 1
