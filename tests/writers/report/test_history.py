import numpy as np
import pytest

from spinepose_mm.analysis import VIEWS
from spinepose_mm.structures.frame import Frame, People, no_people
from spinepose_mm.writers.report.history import SHOTS, Recording, Spread

RED = (0, 0, 255)


@pytest.mark.parametrize('count', [1, 7, 8, 9, 63, 1000])
def test_what_is_kept_is_spread_evenly(count):
    spread, made = Spread(8), []
    for i in range(count):
        spread.offer(lambda: made.append(i) or i)
    steps = set(np.diff(spread.items))
    assert spread.items[0] == 0 and len(steps) <= 1 and min(count, 5) <= len(spread.items) <= 8
    assert count - spread.items[-1] <= max(steps, default=1)
    assert len(made) <= 9 + 4 * np.log2(max(1, count / 8))  # the others are not even made
    picked = spread.pick(3)
    assert picked[0] == 0 and picked[-1] == spread.items[-1] and len(picked) == min(count, 3)


def people(ids, boxes, **fields):
    """Return People whose keypoints are all at the middle of their boxes."""
    boxes = np.array(boxes, float)
    keypoints = np.repeat((boxes[:, None, :2] + boxes[:, None, 2:]) / 2, 37, axis=1)
    return People(keypoints, np.ones((len(ids), 37)), boxes, np.ones(len(ids)), np.array(ids), **fields)


@pytest.fixture
def recording():
    recording = Recording(['trunk_lean', 'kyphosis'], 0.3)
    yield recording
    recording.close()


def test_measures_of_each_person(recording):
    image = np.zeros((50, 50, 3), np.uint8)
    box = [10, 10, 20, 40]
    for i, ids in enumerate([[4], [], [2, 4], [2]]):
        found = (
            no_people()
            if not ids
            else people(
                ids,
                [box] * len(ids),
                views=np.array(['front', 'left side'])[: len(ids)],
                measures=dict(kyphosis=np.array(ids) * 10.0 + i, unasked=np.zeros(len(ids))),
                measure_errors=dict(kyphosis=np.array(ids) / 2),
            )
        )
        recording.add(Frame(i, 5 + i / 10, 'video.mp4', image, found))
    assert (recording.frames, recording.first, recording.last) == (4, 5, 5.3)
    assert {person: seen.frames for person, seen in recording.people.items()} == {4: 2, 2: 2}
    four = recording.track(4)
    assert four.frames.tolist() == [0, 2] and four.times.tolist() == [5, 5.2]
    assert [VIEWS[i] for i in four.views] == ['front', 'left side'] and four.shown('frontal').tolist() == [True, False]
    assert np.isnan(four.values('trunk_lean')).all() and four.errors('kyphosis').tolist() == [2, 2]
    np.testing.assert_array_equal(four.values('kyphosis'), [np.nan, 42])  # what the camera shows
    np.testing.assert_array_equal(four.values('kyphosis', hidden=True), [40, np.nan])
    assert four.visible.shape == (2, 37) and four.visible.all()
    assert [VIEWS[i] for i in recording.track(2).views] == ['front', 'front']
    assert recording.track(2).values('kyphosis', hidden=True).tolist() == [22, 23]


def test_where_the_view_was_not_asked_all_is_shown(recording):
    recording.add(
        Frame(
            0,
            0.0,
            'video.mp4',
            np.zeros((50, 50, 3), np.uint8),
            people([0], [[10, 10, 20, 40]], measures=dict(kyphosis=np.array([3.0]))),
        )
    )
    assert recording.track(0).values('kyphosis').tolist() == [3]


def test_how_often_keypoints_are_visible(recording):
    found = people([0], [[10, 10, 20, 40]])
    for i, confidence in enumerate([0.2, 0.3, 0.9]):
        found.confidence[0, 7] = confidence
        recording.add(Frame(i, i, 'video.mp4', np.zeros((50, 50, 3), np.uint8), found))
    assert recording.people[0].keypoints[[6, 7]].tolist() == [3, 2]


@pytest.mark.parametrize(
    'box, inside, size',
    [  # the size is the height, or four thirds of the breadth
        ([100, 60, 140, 160], [100, 60, 140, 160], 100),
        ([60, 60, 180, 120], [60, 60, 180, 120], 160),
        ([-1e9, -30, 40, 90], [0, 0, 40, 90], 90),
        ([150, 150, 260, 1e9], [150, 150, 200, 200], 200 / 3),
    ],
)
def test_shots_show_the_person_where_the_keypoints_say(recording, box, inside, size):
    left, top, right, low = inside
    x, y = (2 * left + right) // 3, (top + low) // 2
    image = np.full((200, 200, 3), 120, np.uint8)
    image[y - 2 : y + 3, x - 2 : x + 3] = RED
    found = people([0], [box])
    found.keypoints[0, 0] = x + 0.5, y + 0.5
    recording.add(Frame(0, 1.5, 'video.mp4', image, found))
    (shot,) = recording.shots(0)
    assert shot.time == 1.5 and shot.size / shot.scale == pytest.approx(size, rel=0.02)
    part, points = shot.cut(1.2 * shot.size, 300)
    assert part.shape == (300, 225, 3)
    scale = 300 / (1.2 * size)
    expected = [112 + ((x + 0.5) - (left + right) / 2) * scale, 0.95 * 300 - (low - y - 0.5) * scale]
    np.testing.assert_allclose(points[0], expected, atol=4)
    red = np.argwhere(part[..., 2].astype(int) - part[..., 1] > 60)
    np.testing.assert_allclose(red.mean(0)[::-1], points[0], atol=3)


def test_shots_go_beyond_the_frame_in_grey(recording):
    recording.add(Frame(0, 0.0, 'video.mp4', np.zeros((100, 100, 3), np.uint8), people([0], [[0, 10, 50, 90]])))
    part, _ = recording.shots(0)[0].cut(1000, 200)  # more than there is
    assert part.shape == (200, 150, 3) and (part[150, :40] > 220).all() and (part[150, 60:140] < 20).all()


def test_a_long_video_has_as_many_shots_as_are_shown(recording):
    found = people([0], [[10, 10, 20, 40]], points=np.zeros((1, 37, 3)))
    for i in range(500):
        recording.add(Frame(i, i / 10, 'video.mp4', np.zeros((50, 50, 3), np.uint8), found))
    times = [shot.time for shot in recording.shots(0)]
    assert len(times) == SHOTS and times[0] == 0 and times[-1] > 45
    assert np.ptp(np.diff(times)) < 2.5  # 50 s in 7 steps
    assert (recording.shots(0)[0].points == 0).all()
