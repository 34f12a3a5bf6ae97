import numpy as np
import pytest

from spinepose_mm import skeleton
from spinepose_mm.structures.frame import People, no_people
from spinepose_mm.synthetic.body import Body, forward, keypoints, rest
from spinepose_mm.visualization.drawing import ID_COLORS, draw_people, draw_views

SPINE = np.array(skeleton.bone_color(('spine_01', 'hip')))[::-1]
LEFT = np.array(skeleton.KEYPOINTS[skeleton.index('left_knee')].color)[::-1]
RIGHT = np.array(skeleton.KEYPOINTS[skeleton.index('right_knee')].color)[::-1]
BLACK = np.zeros((300, 400, 3), np.uint8)


def people(coordinates='world', turn=0.0):
    """Return one person who stands on the ground, turned about the vertical, who is 230 pixels high."""
    pose = rest()
    pose['pelvis_rotation'] += turn
    points = keypoints(Body(), forward(Body(), pose))
    points[..., 1] -= points[..., 1].min()
    pixels = points[..., :2] * [130, -130] + [200, 280]
    if coordinates == 'camera':
        points = points * [1, -1, -1] + [0, 1, 4]
    boxes = np.concatenate([pixels.min(1) - 5, pixels.max(1) + 5], axis=1)
    return People(pixels, np.ones((1, 37)), boxes, np.ones(1), np.array([3]), points)


def is_color(image, color):
    return (np.abs(image.astype(int) - color) < 60).all(-1)


def where(view, color):
    """Return the mean (row, column) of the pixels of a colour."""
    found = np.argwhere(is_color(view, color))
    assert len(found) > 5
    return found.mean(0)


@pytest.mark.parametrize('turn', [0.0, 70.0])
@pytest.mark.parametrize('coordinates', ['world', 'camera'])
def test_a_person_stands_upright_and_faces_the_viewer(coordinates, turn):
    drawn = draw_views(BLACK, people(coordinates, turn), coordinates)
    assert drawn.shape == (300, 1000, 3)
    side, front = drawn[:, 400:700], drawn[:, 700:]
    for view in (side, front):
        assert where(view, SPINE)[0] < where(view, RIGHT)[0] - 20  # the spine is over the arms and legs
    assert where(front, LEFT)[1] > where(front, RIGHT)[1] + 5  # the left is on the viewer's right
    assert np.ptp(np.argwhere(is_color(side, RIGHT))[:, 1]) < 60  # seen edge-on, feet and all


def test_the_ground_is_drawn_in_the_world_alone():
    world, camera = (draw_views(BLACK, people(name), name) for name in ('world', 'camera'))
    assert (world[-5:, 450:650] != camera[-5:, 450:650]).any(-1).mean() > 0.9
    feet = np.argwhere(is_color(world[:, 400:700], RIGHT))[:, 0].max()
    ground = np.argwhere((world[:, 450] == world[-1, 450]).all(-1))[:, 0].min()
    assert abs(feet - ground) < 6


def test_people_without_a_place_in_space_are_in_no_view():
    found = people()
    both = People(
        *(np.repeat(array, 2, 0) for array in (found.keypoints, found.scores, found.boxes, found.box_scores)),
        np.array([3, 4]),
        np.concatenate([np.full((1, 37, 3), np.nan), found.points]),
    )
    np.testing.assert_array_equal(draw_views(BLACK, both, 'world')[:, 400:], draw_views(BLACK, found, 'world')[:, 400:])


def test_keypoints_and_bones_are_drawn_where_they_are():
    found = people(turn=90.0)
    drawn = draw_people(BLACK, found)
    assert not BLACK.any()  # the image itself is as it was
    for i in skeleton.SUBSETS['spine'][1:]:  # from the front, the nose is before C1
        x, y = found.keypoints[0, i].round().astype(int)
        assert is_color(drawn[y, x], SPINE)
    x, y = found.keypoints[0, [skeleton.index('left_knee'), skeleton.index('left_ankle')]].mean(0).round().astype(int)
    assert is_color(drawn[y - 1 : y + 2, x - 2 : x + 3], LEFT).any()


def test_what_is_not_visible_is_not_drawn():
    found = people()
    found.ids, found.boxes[:] = None, [0, 0, 399, 299]
    found.confidence[0], found.keypoints[0, 5] = 0.49, np.nan
    frame = draw_people(BLACK, found)
    found.confidence[0, 5] = 0.9
    np.testing.assert_array_equal(draw_people(BLACK, found), frame)  # visible, but without coordinates
    assert not is_color(frame, SPINE).any() and not is_color(frame, LEFT).any()
    found.confidence[0, 13] = 0.5
    assert is_color(draw_people(BLACK, found), LEFT).any()


@pytest.mark.parametrize('draw', [draw_people, draw_views])
def test_the_spine_only(draw):
    drawn = draw(BLACK, people(), spine_only=True)
    assert is_color(drawn, SPINE).any() and not is_color(drawn, LEFT).any() and not is_color(drawn, RIGHT).any()


def test_boxes_and_labels_have_a_color_for_each_id():
    found, counts = people(), []
    for number in (3, 4, 3 + len(ID_COLORS)):
        found.ids = np.array([number])
        drawn = draw_people(BLACK, found)
        x1, y1, x2, y2 = found.boxes[0].round().astype(int)
        color = np.array(ID_COLORS[number % len(ID_COLORS)])[::-1]
        assert (drawn[y1 + 20 : y2 - 20, x1] == color).all()
        label = drawn[y1 - 15 : y1, x1 : x1 + 30]
        assert (label == color).all(-1).mean() > 0.5 and (label != color).any()
        counts.append(label)
    assert (counts[0] != counts[2]).any()  # another number in the same colour


def test_measures_are_written_where_they_are_valid():
    plain, found = people(), people()
    found.measures = dict(
        trunk_inclination=np.array([31.0]), trunk_lean=np.array([np.nan]), spine_length=np.array([9.0])
    )
    one = draw_people(BLACK, found)
    found.measures.update(trunk_lean=np.array([4.0]))
    two = draw_people(BLACK, found)
    found.measures.update(trunk_inclination=np.array([32.0]))
    other = draw_people(BLACK, found)
    top = [np.argwhere((drawn != BLACK).any((1, 2))).min() for drawn in (draw_people(BLACK, plain), one, two)]
    assert top[0] - top[1] == top[1] - top[2] == 15  # a line each
    assert 0 < (two != other).any(-1).sum() < 100


def test_lines_grow_with_the_image_and_shrink_with_the_person():
    def share(image, found):
        return is_color(draw_people(image, found), SPINE).sum()

    found = people()
    usual = share(BLACK, found)
    large = np.zeros((1920, 2560, 3), np.uint8)  # 4 times as large as one of 640 pixels
    for name in ('keypoints', 'boxes'):
        setattr(found, name, 4 * getattr(found, name))
    assert 12 < share(large, found) / usual < 20
    for name in ('keypoints', 'boxes'):
        setattr(found, name, getattr(found, name) / 8)
    assert share(large, found) < 1.2 * usual


def test_no_people():
    assert draw_views(BLACK, no_people(), 'world').shape == (300, 1000, 3)
    np.testing.assert_array_equal(draw_people(BLACK, no_people()), BLACK)


def test_people_beyond_the_image():
    found = people()
    for name in ('keypoints', 'boxes'):
        setattr(found, name, getattr(found, name) + 1e12)
    assert not is_color(draw_people(BLACK, found), SPINE).any()
