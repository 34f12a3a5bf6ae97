import numpy as np

from spinepose_mm.structures.frame import People, no_people


def test_size_is_the_diagonal_of_the_box():
    boxes = np.array([[10.0, 20.0, 13.0, 24.0], [0.0, 0.0, 0.0, 7.0]])
    people = People(np.zeros((2, 37, 2)), np.zeros((2, 37)), boxes, np.ones(2))
    assert people.sizes.tolist() == [5, 7]
    assert no_people().sizes.shape == (0,)
