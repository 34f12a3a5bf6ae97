import numpy as np
import pytest

from spinepose_mm.structures.frame import People
from spinepose_mm.tracking.subject import Subject

SIZE = (200, 100)
LARGE, SMALL, MIDDLE = (0, 0, 60, 80), (0, 60, 20, 100), (90, 40, 110, 62)


def people(**boxes):
    """Return People of ids and boxes, `people(_3=(0, 0, 10, 20))`."""
    count = len(boxes)
    return People(
        np.zeros((count, 37, 2)),
        np.ones((count, 37)),
        np.array([*boxes.values()], float).reshape(-1, 4),
        np.ones(count),
        np.array([int(name[1:]) for name in boxes], int),
    )


def chosen(subject, *frames):
    """Return the ids that are chosen in each frame."""
    return [subject.update(frame, SIZE).ids.tolist() for frame in frames]


FIRST = people(_0=SMALL, _2=LARGE, _5=MIDDLE)


@pytest.mark.parametrize(
    'choice, ids',
    [
        ('all', [0, 2, 5]),
        ('largest', [2]),
        ('most central', [5]),
        (0, [0]),
        (np.int64(5), [5]),
        (1, []),
        ((85, 35, 120, 70), [5]),
        ([0, 50, 30, 100], [0]),
        (np.array([0, 0, 60, 60]), [2]),
        ((150, 0, 190, 30), []),
    ],
)
def test_choices(choice, ids):
    assert chosen(Subject(choice), FIRST) == [ids]


@pytest.mark.parametrize('choice', ['largest', 'most central'])
def test_the_chosen_person_is_kept(choice):
    first = dict(_4=LARGE if choice == 'largest' else MIDDLE, _7=SMALL)
    swapped = people(_4=SMALL, _7=LARGE if choice == 'largest' else MIDDLE)
    gone = people(_7=LARGE)
    subject = Subject(choice, frame_rate=2, memory=1.5)
    assert chosen(subject, people(), people(**first), swapped, gone, gone, gone) == [[], [4], [4], [], [], []]
    assert chosen(subject, swapped, gone, gone, gone) == [[4], [], [], []]  # back within three frames
    assert chosen(subject, gone, swapped) == [[7], [7]]  # the fourth: forgotten
    assert chosen(subject, *[people()] * 4, people(_4=SMALL)) == [[], [], [], [], [4]]


@pytest.mark.parametrize('choice', [0, (0, 0, 60, 80)])
def test_an_id_or_a_box_never_jumps(choice):
    subject = Subject(choice, frame_rate=2, memory=1)
    other = people(_1=LARGE)
    frames = [people(_0=LARGE, _1=SMALL), *[other] * 10, people(_0=MIDDLE, _1=LARGE)]
    assert chosen(subject, *frames) == [[0], *[[]] * 10, [0]]


def test_a_box_waits_for_a_person():
    far = people(_0=MIDDLE)
    assert chosen(Subject((0, 0, 60, 90)), people(), far, people(_0=MIDDLE, _3=SMALL), people(_0=LARGE, _3=SMALL)) == [
        [],
        [],
        [3],
        [3],
    ]


def test_what_is_chosen_keeps_its_numbers():
    frame = FIRST
    frame.keypoints = np.arange(3)[:, None, None] * np.ones((3, 37, 2))
    chosen_people = Subject('largest').update(frame, SIZE)
    assert (chosen_people.keypoints == 1).all() and chosen_people.boxes.tolist() == [list(map(float, LARGE))]


@pytest.mark.parametrize(
    'choice',
    [
        'biggest',
        '',
        -1,
        1.5,
        True,
        None,
        (1, 2, 3),
        (10, 0, 5, 20),
        (0, 0, 0, 10),
        (0, 0, np.nan, 1),
        ('a', 'b', 'c', 'd'),
        [[0, 0], [1, 1]],
        {},
    ],
)
def test_bad_choices(choice):
    with pytest.raises(ValueError, match=r"a subject is 'all', 'largest', 'most central', an id from 0, or a box \(x1"):
        Subject(choice)
