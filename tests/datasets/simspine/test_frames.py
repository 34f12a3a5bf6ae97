import numpy as np
import pytest

import builders
from spinepose_mm.datasets.simspine.frames import counts_from, find_images, groups, parse_names, renumbered, spread


def test_names_of_images():
    names = builders.simspine_names(2)
    sequences, frames = parse_names('', names)
    assert sequences[0] == 'S1/S1_Directions_1.54138969' and frames[:4].tolist() == [0, 1, 0, 1]
    with pytest.raises(ValueError, match=r'x\.npz: imgname has .* of S2, which is none of S1, S5'):
        parse_names('x.npz', [names[0].replace('S1', 'S2')])
    with pytest.raises(ValueError, match=r"x\.npz: imgname has '00000001\.jpg', where"):
        parse_names('x.npz', ['00000001.jpg'])
    sequences, frames = parse_names('', ['a/1.jpg', '2.jpg'], subjects=None)
    assert sequences.tolist() == ['a', ''] and frames.tolist() == [0, 1]
    assert parse_names('', names[3:5], subjects=None)[1].tolist() == [1, 0]


def test_a_part_of_the_frames_is_spread_evenly():
    rng = np.random.default_rng(0)
    sequences = np.repeat([f'S{i}' for i in range(20)], 500)
    frames = np.tile(np.arange(500), 20)
    shuffled = rng.permutation(10_000)
    rows = spread(sequences[shuffled], frames[shuffled], 0.02)
    assert len(rows) == 200 and (np.diff(rows) > 0).all()
    picked = shuffled[rows]
    assert (np.unique(sequences[picked], return_counts=True)[1] == 10).all()
    first = np.sort(frames[picked][sequences[picked] == 'S7'])
    assert (np.diff(first) == 50).all()
    np.testing.assert_array_equal(rows, spread(sequences[shuffled], frames[shuffled], 0.02))
    assert spread(sequences, frames, 1.0).tolist() == list(range(10_000)) and len(spread(sequences, frames, 1e-9)) == 1


def test_a_part_is_taken_out_of_what_is_available():
    """As many as of all frames, while there are that many."""
    sequences, frames = np.repeat(['a', 'b'], 500), np.tile(np.arange(500), 2)
    fifth = frames % 5 == 0
    rows = spread(sequences, frames, 0.02, fifth)
    assert len(rows) == 20 and fifth[rows].all() and (rows < 500).sum() == 10 and (np.diff(rows[:10]) == 50).all()
    np.testing.assert_array_equal(spread(sequences, frames, 0.5, fifth), np.flatnonzero(fifth))


def test_groups_keep_the_order():
    assert [(value, rows.tolist()) for value, rows in groups(np.array(['b', 'a', 'b']))] == [('a', [1]), ('b', [0, 2])]


@pytest.mark.parametrize(
    'frames, usual, expected',
    [
        ([0, 1, 0, 1, 0, 1], 1, 0),
        ([1, 6, 1, 6, 1, 6], 0, 1),
        ([1, 2, 1, 2, 5, 6], 0, 1),
        ([3, 8, 1, 2, 0, 4], 0, 0),
        ([3, 8, 1, 2, 0, 4], 1, 1),
        ([7, 8, 7, 8, 7, 8], 1, 1),
        ([], 1, 1),
    ],
)
def test_what_frames_count_from(frames, usual, expected):
    """Where most sequences begin with 0 or 1, that; else what is usual."""
    sequences = np.repeat(['a', 'b', 'c'], 2)[: len(frames)]
    assert counts_from(sequences, np.array(frames), usual) == expected


def test_renumbered():
    assert renumbered('S1/S1_Eating_2.5/S1_Eating_2.5_000009.jpg', 1) == 'S1/S1_Eating_2.5/S1_Eating_2.5_000010.jpg'
    assert renumbered('a_1_99.png', -99) == 'a_1_00.png'


@pytest.mark.parametrize('first, every', [(0, 1), (1, 1), (0, 5), (1, 5)])
def test_images_are_matched_by_number(tmp_path, first, every):
    names = np.array(builders.simspine_names(11, subjects=('S1',), cameras=('1',)))
    sequences, frames = parse_names('', names)
    there = frames % every == 0
    expected = np.array([f'{name[:-10]}{frame + first:06d}.jpg' for name, frame in zip(names, frames)])
    for name in expected[there]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / expected[0]).with_name('notes.txt').touch()
    found, counted = find_images(str(tmp_path), names, sequences, 0)
    np.testing.assert_array_equal(found, there)
    assert counted == first


def test_images_that_cannot_be_listed(tmp_path):
    names, sequences = np.array(['a/1.jpg', 'b/1.jpg']), np.array(['a', 'b'])
    assert find_images(str(tmp_path), names, sequences)[0].tolist() == [False, False]
    assert find_images('s3://bucket', names, sequences)[0].all()
    (tmp_path / 'b').mkdir()
    (tmp_path / 'b/1.jpg').touch()
    assert find_images(str(tmp_path), names, sequences)[0].tolist() == [False, True]
    assert find_images(str(tmp_path / 'b'), np.array(['1.jpg']), np.array(['']))[0].all()
