import numpy as np
import pytest

from spinepose_mm.datasets.corruptions import cut_out, hide_by_object, hide_by_person
from spinepose_mm.datasets.corruptions.occlusion import Cutout

RNG = np.random.default_rng
GREY = np.full((200, 200, 3), 1, np.uint8)  # darker than any object
BOX = np.array([60.0, 30, 130, 180])


def covered(image):
    """Return the part of the box that is no longer grey."""
    return (image != 1).any(-1)[30:180, 60:130].mean()


@pytest.mark.parametrize('seed', range(6))
def test_objects_cover_what_the_severity_says(seed):
    before = np.zeros((200, 200), bool)
    for severity in range(1, 6):
        image = hide_by_object(GREY, BOX, severity, RNG(seed))
        assert image.dtype == np.uint8 and image.shape == GREY.shape
        assert covered(image) == pytest.approx(severity / 10, abs=0.06)  # its edges are soft
        now = (image != 1).any(-1)
        assert now[before].mean() > 0.98 if severity > 1 else not before.any()  # the same object, larger
        before = now
    np.testing.assert_array_equal(hide_by_object(GREY, BOX, 5, RNG(seed)), image)


def test_a_box_beyond_the_image_hides_nothing():
    np.testing.assert_array_equal(hide_by_object(GREY, BOX + 300, 3, RNG(0)), GREY)


@pytest.mark.parametrize('seed', range(6))
def test_another_person_covers_what_the_severity_says(seed):
    thin = Cutout(np.full((100, 30, 3), 200, np.uint8), np.ones((100, 30), np.float32))
    for severity in range(1, 6):
        image = hide_by_person(GREY, BOX, severity, RNG(seed), thin)
        assert severity / 10 - 0.01 <= covered(image) <= severity / 10 + 0.12
        assert set(np.unique(image)) <= {1, 200}
    np.testing.assert_array_equal(hide_by_person(GREY, BOX, 5, RNG(seed), thin), image)


def test_another_person_at_the_border_of_the_image():
    box = np.array([-20.0, 150, 60, 240])
    person = Cutout(np.full((80, 60, 3), 200, np.uint8), np.ones((80, 60), np.float32))
    for seed in range(10):
        assert hide_by_person(GREY, box, 5, RNG(seed), person).shape == GREY.shape


def test_people_are_cut_out_by_their_segmentation():
    image, box = RNG(0).integers(0, 255, (60, 50, 3), np.uint8), np.array([10.0, 10, 30, 40])
    points, visible = np.zeros((37, 2)), np.zeros(37)
    person = cut_out(image, box, points, visible, [[10, 20, 30, 20, 30, 40, 10, 40]])
    assert abs(np.array(person.mask.shape) - 20).max() <= 1
    assert person.mask.min() > 0.5  # the whole rectangle
    np.testing.assert_array_equal(person.pixels, image[20 : 20 + len(person.mask), 10 : 10 + person.mask.shape[1]])
    runs = dict(size=[60, 50], counts=[0, 60 * 50])  # all of the image, uncompressed
    assert cut_out(image, box, points, visible, runs).mask.shape == (60, 50)


def test_people_without_a_segmentation_are_cut_out_by_their_bones(rendered):
    from spinepose_mm.datasets import SpineTrackDataset
    from spinepose_mm.io.image import read_image

    dataset = SpineTrackDataset(
        data_root=str(rendered),
        ann_file='annotations/person_keypoints_val.json',
        data_prefix=dict(img='images/val/'),
        pipeline=[],
    )
    for row in range(4):
        person = dataset[row]
        points, visible, box = person['keypoints'][0], person['keypoints_visible'][0] > 0, person['bbox'][0]
        cutout = cut_out(read_image(person['img_path']), box, points, visible)
        extent = np.ptp(points[visible], axis=0)[::-1]
        width = 0.2 * (box[2:] - box[:2]).max()
        assert (abs(np.array(cutout.mask.shape) - extent) < width).all()
        assert 0.1 < cutout.mask.mean() < 0.9


def test_people_without_labels_are_cut_out_as_an_ellipse():
    image = np.full((100, 100, 3), 9, np.uint8)
    mask = cut_out(image, np.array([20.0, 10, 60, 90]), np.zeros((17, 2)), np.zeros(17)).mask
    assert mask.shape == (81, 41)
    assert mask.mean() == pytest.approx(np.pi / 4, abs=0.02)
