import numpy as np

from spinepose_mm.synthetic.pieces import Piece, all_of, cut, joined, normals

#: A square of two triangles in the plane of x and y, and a third one that stands apart.
POINTS = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [5, 0, 0], [6, 0, 0], [5, 1, 0]], np.float32)
FACES = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6]])


def _area(points: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = (points[faces[:, k]] for k in range(3))
    return float(np.cross(b - a, c - a)[:, 2].sum() / 2)


def test_cut_keeps_the_positive_side_of_a_straight_line():
    found = cut(FACES, 0.25 - POINTS[:, 0])
    points = found.between(POINTS)
    assert points[:, 0].max() == 0.25
    assert np.isclose(_area(points, found.faces), 0.25)  # a positive area: the order around is kept
    hem = points[found.hem]
    assert np.allclose(hem[..., 0], 0.25) and np.isclose(np.abs(np.diff(hem[..., 1], axis=1)).sum(), 1.0)


def test_cut_of_all_and_of_nothing():
    assert len(cut(FACES, np.full(7, -1.0)).faces) == 0
    whole = cut(FACES, np.ones(7))
    assert len(whole.faces) == 3 and len(whole.hem) == 0
    assert np.array_equal(whole.between(POINTS), POINTS)


def test_normals_point_to_where_triangles_turn_left():
    assert np.allclose(normals(POINTS, FACES), [0, 0, 1])


def test_all_of():
    chosen = np.array([True, True, True, False, True, True, True])
    assert all_of(chosen, FACES).tolist() == [True, False, True]


def test_pieces_are_joined_and_lose_what_no_face_uses():
    number = np.arange(7)
    ends = np.stack([number, number], axis=1)
    zero = np.zeros(7, np.float32)
    piece = Piece(POINTS, FACES[2:], POINTS, ends, zero, zero, np.array([3]))
    both = joined([piece, piece])
    assert both.faces.tolist() == [[4, 5, 6], [11, 12, 13]]
    small = both.compact()
    assert len(small.vertices) == 6 and small.material.tolist() == [3, 3]
    assert np.array_equal(small.vertices[small.faces], both.vertices[both.faces])
    assert small.parents[:3, 0].tolist() == [4, 5, 6]
