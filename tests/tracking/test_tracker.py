from dataclasses import replace

import numpy as np
import pytest

from spinepose_mm.evaluation.tracking import identity_scores
from spinepose_mm.structures.frame import People, no_people
from spinepose_mm.synthetic.tracking_scenes import crossing
from spinepose_mm.tracking.tracker import PoseTracker

POSE = np.random.default_rng(0).uniform((0, 0), (40, 120), (37, 2))


def people(*places, zoom=1.0, score=0.9):
    """Return People of the same pose, moved by (x, y) each."""
    places = zoom * np.array([(x, 0) if np.isscalar(x) else x for x in places], float).reshape(-1, 2)
    count = len(places)
    return People(
        zoom * POSE + places[:, None],
        np.full((count, 37), score),
        np.concatenate([places, places + zoom * np.array([40, 120])], axis=1),
        np.full(count, 0.9),
    )


def follow(ids, frames):
    """Return [(id, x of the box)] of each frame, in the order given back."""
    tracked = [ids.update(frame) for frame in frames]
    return [list(zip(one.ids.tolist(), one.boxes[:, 0].round().tolist())) for one in tracked]


def test_ids_are_new_once_and_in_order():
    frames = [people(0, 300), people(310, 3), people(311), no_people(), people(900, 6), people(903, 8, 312)]
    assert follow(PoseTracker(30), frames) == [
        [(0, 0), (1, 300)],
        [(0, 3), (1, 310)],
        [(1, 311)],
        [],
        [(0, 6), (2, 900)],
        [(0, 8), (1, 312), (2, 903)],
    ]


def test_ids_never_start_again():
    ids = PoseTracker(10, memory=0.5)
    assert follow(ids, [people(0), *[no_people()] * 20, people(0), *[no_people()] * 20, people(0, 500)]) == [
        [(0, 0)],
        *[[]] * 20,
        [(1, 0)],
        *[[]] * 20,
        [(2, 0), (3, 500)],
    ]
    assert follow(PoseTracker(10), [no_people(), no_people(), people(4)]) == [[], [], [(0, 4)]]


@pytest.mark.parametrize('frame_rate', [1, 30, 120])
def test_memory_is_in_seconds(frame_rate):
    ids = PoseTracker(frame_rate, memory=2)
    absent = [no_people()] * (2 * frame_rate - 1)
    assert follow(ids, [people(0), *absent, people(0)])[-1] == [(0, 0)]
    assert follow(ids, [*absent, no_people(), people(0)])[-1] == [(1, 0)]


@pytest.mark.parametrize('zoom', [0.05, 1, 30])
@pytest.mark.parametrize('frame_rate', [5, 30, 120])
def test_people_pass_through_each_other(zoom, frame_rate):
    """Two of the same pose, whose boxes are each other's from one frame to the next, at 1.2 sizes a second."""
    steps = np.arange(-frame_rate, frame_rate + 1) * 150 / frame_rate
    lost = np.abs(steps) < 35
    frames = [people(*([x + 5] if gone else [x, 10 - x]), zoom=zoom) for x, gone in zip(steps, lost)]
    tracked = follow(PoseTracker(frame_rate), frames)
    assert [id for id, _ in tracked[0]] == [id for id, _ in tracked[-1]] == [0, 1]
    assert [x for _, x in tracked[-1]] == pytest.approx([150 * zoom, -140 * zoom], abs=1)


def test_people_are_identified_by_their_poses():
    """Two in the same place, less than half of whose keypoints differ."""
    both = people(0, 0)
    both.keypoints[1, :15, 0] += 30
    ids = PoseTracker(30)
    ids.update(both)
    np.testing.assert_array_equal(ids.update(both[[1, 0]]).keypoints, both.keypoints)


def test_boxes_serve_where_no_keypoint_is_visible():
    frames = [people(3 * t, 300 - 3 * t, score=0.1) for t in range(10)]
    assert follow(PoseTracker(30), frames)[-1] == [(0, 27), (1, 273)]


def test_far_away_is_another_person():
    # 3 sizes in a thirtieth of a second
    assert follow(PoseTracker(30), [people(0), people(0), people(400)])[-1] == [(1, 400)]


@pytest.mark.parametrize('count', [1, 50])
def test_many_people_in_any_order(count):
    rng = np.random.default_rng(1)
    places = np.array([(150 * (i % 10), 200 * (i // 10)) for i in range(count)], float)
    ids = PoseTracker(30)
    ids.update(people(*places))
    for _ in range(5):
        tracked = ids.update(people(*rng.permutation(places + rng.normal(0, 1, (count, 2)))))
        assert tracked.ids.tolist() == list(range(count))
        np.testing.assert_allclose(tracked.boxes[:, :2], places, atol=5)


def test_what_people_have_stays_theirs():
    frame = people(300, 0)
    frame.measures = dict(number=np.array([7.0, 8.0]))
    ids = PoseTracker(30)
    ids.update(people(0, 300))
    tracked = ids.update(frame)
    assert tracked.measures['number'].tolist() == [8, 7] and tracked.boxes[:, 0].tolist() == [0, 300]
    assert frame.ids is None and frame.boxes[0, 0] == 300  # what was given is not changed


def test_boxes_without_a_size():
    frame = people(0)
    frame.boxes[:], frame.keypoints[:] = 5, 5
    with np.errstate(all='raise'):
        assert follow(PoseTracker(30), [frame, frame])[-1] == [(0, 5)]


@pytest.mark.parametrize('options', [dict(frame_rate=0), dict(frame_rate=np.nan), dict(frame_rate=30, memory=0)])
def test_options_out_of_range(options):
    with pytest.raises(ValueError, match='frame_rate and memory are over 0, not '):
        PoseTracker(**options)


@pytest.mark.parametrize('seed', range(4))
def test_crossing_videos(seed):
    """In these, no id ever passes to another person; a person gets a new id only after being away for long."""
    video = crossing(seed, people=2 + seed, seconds=8)
    runs = []
    for ids in PoseTracker(video.frame_rate), PoseTracker(video.frame_rate):
        tracked = [
            ids.update(replace(frame, measures=dict(owner=owners)))
            for frame, owners in zip(video.predictions, video.owners)
        ]
        runs.append([one.ids.tolist() for one in tracked])
    scores = identity_scores([one.measures['owner'] for one in tracked], runs[0])
    assert scores['takeovers'] == 0 and scores['IDF1'] > 0.85 and runs[0] == runs[1]
