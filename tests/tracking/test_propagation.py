"""Boxes in frames on which no detector runs, by numbers worked out by hand, and on videos of crossing people."""

import numpy as np
import pytest
import torch
from mmpose.structures.bbox import bbox_overlaps

from spinepose_mm.structures.frame import People, no_people
from spinepose_mm.synthetic.tracking_scenes import crossing
from spinepose_mm.tracking.propagation import propagate_boxes

SIZE = 1000, 800
DIAGONAL = np.hypot(100, 200)


def people(*corners, visible=(37,), seed=0):
    """Return People whose visible keypoints fill boxes (x1, y1, x2, y2); the others are far off."""
    rng, points, scores = np.random.default_rng(seed), [], []
    for box, count in zip(corners, np.resize(visible, len(corners))):
        low, high = np.array(box[:2], float), np.array(box[2:], float)
        inside = rng.uniform(low, high, (37, 2))
        inside[:2] = low, high
        inside[count:] = 990, 10
        points.append(inside)
        scores.append(np.where(np.arange(37) < count, 0.9, 0.1))
    return People(np.array(points), np.array(scores), np.array(corners, float), np.linspace(0.9, 0.5, len(corners)))


def test_around_the_visible_keypoints():
    boxes = propagate_boxes(people((100, 300, 200, 500), (600, 100, 700, 300), visible=(37, 12)), SIZE)
    margin = 0.03 * DIAGONAL
    np.testing.assert_allclose(
        boxes,
        [
            [100 - margin, 300 - margin, 200 + margin, 500 + margin, 0.9],
            [600 - margin, 100 - margin, 700 + margin, 300 + margin, 0.5],
        ],
    )


def test_within_the_image():
    margin = 0.03 * np.hypot(50, 100)  # of the person, 50 x 100 pixels are in the image
    np.testing.assert_allclose(
        propagate_boxes(people((-50, 700, 50, 900)), SIZE)[0, :4], [0, 700 - margin, 50 + margin, 800]
    )
    assert len(propagate_boxes(people((-300, 100, -200, 300)), SIZE)) == 0


def test_people_with_too_few_visible_keypoints_have_none():
    assert len(propagate_boxes(no_people(), SIZE)) == 0
    three = people((100, 300, 200, 500), (400, 300, 500, 500), (700, 300, 800, 500), visible=(9, 10, 0))
    boxes = propagate_boxes(three, SIZE)
    np.testing.assert_allclose(boxes[:, 4], [0.7])


def test_two_who_became_one_have_one():
    """By keypoints: of two in the same box, each in a pose of their own, both are kept."""
    box = (100, 300, 200, 500)
    twice = people(box, box)
    twice.keypoints[0] = twice.keypoints[1] + 1
    twice.confidence[1] = 0.95
    np.testing.assert_allclose(propagate_boxes(twice, SIZE)[:, 4], [0.5])
    assert len(propagate_boxes(people(box, box), SIZE)) == 2


@pytest.mark.parametrize('seed', range(2))
def test_contain_the_same_people_a_frame_later(seed):
    video = crossing(seed, people=3, seconds=4)
    overlaps, count, expected = [], 0, 0
    for predicted, owners, ground_truth in zip(video.predictions, video.owners, video.ground_truth[1:]):
        boxes = propagate_boxes(predicted, video.size)
        expected += sum(owner in ground_truth.ids for owner in owners)
        if len(boxes) and len(ground_truth):
            # Each box is of the person that it fits best.
            best = (
                bbox_overlaps(
                    torch.from_numpy(boxes[:, :4]), torch.from_numpy(ground_truth.boxes.clip(0, np.tile(video.size, 2)))
                )
                .amax(1)
                .numpy()
            )
            overlaps += best[best > 0.3].tolist()
            count += (best > 0.3).sum()
    assert np.median(overlaps) > 0.8 and np.quantile(overlaps, 0.1) > 0.65 and count > 0.95 * expected
