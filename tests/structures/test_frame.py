"""Frames and people: selection, and persons as mappings."""

import copy
import json
import pickle
from collections.abc import Mapping

import numpy as np
import pytest

from spinepose_mm import skeleton
from spinepose_mm.structures import People, Person, no_people, to_instances, to_persons


def people(**values):
    count = 3
    keypoints = np.arange(count * 74, dtype=float).reshape(count, 37, 2)
    return People(keypoints, np.full((count, 37), 0.5), np.zeros((count, 4)), np.ones(count), **values)


@pytest.mark.parametrize('chosen', [np.array([False, True, True]), [1, 2]])
def test_selection_by_a_mask_or_by_numbers(chosen):
    three = people(ids=np.array([7, 8, 9]), measures={'kyphosis': np.array([1.0, 2.0, 3.0])})
    some = three[chosen]
    assert len(some) == 2 and some.ids.tolist() == [8, 9] and some.measures['kyphosis'].tolist() == [2, 3]
    assert some.keypoints[0, 0].tolist() == [74, 75] and some.confidence.shape == (2, 37)
    assert some.points is None and some.measure_errors == {}


@pytest.fixture
def person():
    return to_persons(to_instances(people(ids=np.arange(3))), time=0.5)[1]


def test_a_person_is_asked_for_keypoints_by_name_or_level(person):
    place = [74 + 2 * 27, 74 + 2 * 27 + 1]
    assert skeleton.index('L3') == 27
    assert person['L3'] == person['spine_02'] == person.get('L3') == place
    assert person.score('L3') == 0.5 and person.confidence('L3') == pytest.approx(0.25 / 0.34)
    assert 'L3' in person and 'spine_02' in person and 'bbox' in person
    for missing in ('L2', 'spine_2', '', 3, None):
        assert missing not in person and person.get(missing) is None and person.get(missing, 4) == 4
    with pytest.raises(KeyError, match='near: spine_02'):
        person['spine_2']
    with pytest.raises(KeyError):
        person[3]
    match person:
        case {'L3': (x, y)}:
            assert [x, y] == place
        case _:
            raise AssertionError('a mapping pattern takes a level')


def test_a_person_without_keypoints_has_none(person):
    empty = Person(bbox=[0, 0, 1, 1])
    assert 'L3' not in empty and empty.get('L3') is None
    for name in ('L3', 'keypoints'):
        with pytest.raises(KeyError, match=name):
            empty[name]


def test_a_person_iterates_and_compares_as_its_entries(person):
    entries = dict(person.items())
    assert type(entries) is dict and isinstance(person, Mapping)
    assert list(person) == list(person.keys()) == list(entries) and len(person) == len(entries) == 7
    assert person == entries and entries == person and person != {**entries, 'time': 1.0}
    assert list(person.values()) == list(entries.values()) and {**person} == entries
    assert json.dumps(person) == json.dumps(entries) and json.loads(json.dumps(person)) == entries


@pytest.mark.parametrize(
    'duplicate', [Person.copy, copy.copy, copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))]
)
def test_a_copy_of_a_person_is_one(person, duplicate):
    other = duplicate(person)
    assert type(other) is Person and other == person and other is not person and other['L3'] == person['L3']


def test_size_is_the_diagonal_of_the_box():
    boxes = np.array([[10.0, 20.0, 13.0, 24.0], [0.0, 0.0, 0.0, 7.0]])
    assert People(np.zeros((2, 37, 2)), np.zeros((2, 37)), boxes, np.ones(2)).sizes.tolist() == [5, 7]
    assert no_people().sizes.shape == (0,)
