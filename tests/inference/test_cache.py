import numpy as np
import pytest

from spinepose_mm.inference.cache import EstimateCache
from spinepose_mm.io.identity import described
from spinepose_mm.structures.frame import Frame, People, no_people

ASKED = dict(input=['a.mp4', 3], model='spinepose-tiny')


def people(index):
    """Return as many people as the number of the frame, of random numbers that are the same every time."""
    rng = np.random.default_rng(index)
    return People(
        rng.uniform(0, 2000, (index, 37, 2)).astype(np.float32),
        rng.uniform(0, 1, (index, 37)),
        rng.uniform(0, 2000, (index, 4)),
        rng.uniform(0, 1, index),
        confidence=rng.uniform(0, 1, (index, 37)),
    )


def run(path, indices, known=(), asked=ASKED, done=False):
    """Return the People of frames as a cache gives them, where only those not in `known` are to be computed."""
    cache, computed, found = EstimateCache(path, asked), [], []
    for i in indices:
        frame = Frame(i, 0.0, 'a.mp4')
        read = cache.read(frame)
        if read is None:
            computed.append(i)
            read = cache.add(frame, people(i))
        found.append(read)
    cache.done = done
    cache.close()
    assert computed == [i for i in indices if i not in known]
    return found


def same(found, indices):
    for got, index in zip(found, indices, strict=True):
        for name in ('keypoints', 'scores', 'boxes', 'box_scores', 'confidence'):
            np.testing.assert_allclose(getattr(got, name), getattr(people(index), name), atol=6e-4)
        assert got.keypoints.shape == (index, 37, 2) and got.boxes.shape == (index, 4)


def test_goes_on_where_it_stopped_and_gives_the_same(tmp_path):
    path, indices = tmp_path / 'a.progress', [0, 1, 2, 4, 5]  # frame 3 could not be read
    same(run(path, indices[:3]), indices[:3])
    first = run(path, indices, known=indices[:3])
    second = run(path, indices, known=indices, done=True)
    same(first, indices)
    for one, other in zip(first, second):
        np.testing.assert_array_equal(one.keypoints, other.keypoints)
        np.testing.assert_array_equal(one.scores, other.scores)
    assert not path.exists()


def test_half_a_line_is_predicted_again(tmp_path):
    path = tmp_path / 'a.progress'
    run(path, range(4))
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    assert EstimateCache(path, ASKED).cached == 3
    same(run(path, range(5), known=range(3)), range(5))
    run(path, range(5), known=range(5))


def test_another_run_begins_anew(tmp_path):
    path = tmp_path / 'a.progress'
    run(path, range(3))
    run(path, range(3), asked=dict(ASKED, model='spinepose-m'))
    run(path, [0, 1, 3], asked=dict(ASKED, model='spinepose-m'), known=[0, 1])  # frames of another number
    path.write_bytes(b'\xff\xfe no cache')
    with pytest.raises(ValueError, match=r'a\.progress is in the way of the progress'):
        EstimateCache(path, ASKED)
    assert path.read_bytes() == b'\xff\xfe no cache'


@pytest.mark.parametrize('line', [b'garbage', b'\0\0\0', b'[]', b'{"frame": 2}', b'{"frame": 2, "keypoints": [1]}'])
def test_a_damaged_line_is_predicted_again(tmp_path, line):
    path = tmp_path / 'a.progress'
    run(path, range(5))
    lines = path.read_bytes().split(b'\n')
    path.write_bytes(b'\n'.join([*lines[:3], line, *lines[4:]]))
    same(run(path, range(5), known=range(2)), range(5))


def test_one_with_nothing_in_it_is_not_kept(tmp_path):
    EstimateCache(tmp_path / 'a.progress', ASKED).close()
    assert not list(tmp_path.iterdir())


def test_rewind(tmp_path):
    cache = EstimateCache(tmp_path / 'a.progress', ASKED)
    frames, first = [Frame(i, 0.0, '') for i in range(4)], []
    for frame in frames[:3]:
        assert cache.read(frame) is None
        first.append(cache.add(frame, people(frame.index)))
    cache.rewind()
    again = [cache.read(frame) for frame in frames[:3]]
    assert cache.read(frames[3]) is None and len(cache.add(frames[3], no_people())) == 0
    np.testing.assert_array_equal(first[2].keypoints, again[2].keypoints)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        EstimateCache(tmp_path / 'none' / 'a.progress', ASKED)


def test_options_are_distinguished(tmp_path):
    path = tmp_path / 'a.csv'
    path.write_text('1')
    before = described(path)
    path.write_text('12')
    assert described(str(path)) != before and described(path)[0] == str(path)
    assert described([np.ones((1, 2)), 'x', None, 3]) == [[[1.0, 1.0]], 'x', None, 3]
    assert described(np.float32(0.5)) == '0.5'


def test_settings_that_earlier_versions_wrote_for_the_same(tmp_path):
    path, before = tmp_path / 'a.progress', dict(ASKED, threshold=None)
    run(path, range(3), asked=before)
    whole = path.read_bytes()
    cache = EstimateCache(path, dict(ASKED, threshold=0.3), [before])
    assert cache.cached == 3 and cache.read(Frame(0, 0.0, '')) is not None
    cache.close()
    assert path.read_bytes() == whole
    assert EstimateCache(path, dict(ASKED, threshold=0.3)).cached == 0


def test_names_of_release_0_1(tmp_path):
    cache = EstimateCache(tmp_path / 'a.progress', ASKED)
    frame = Frame(2, 0.0, '')
    with pytest.warns(DeprecationWarning, match=r'EstimateCache\.read and \.add'):
        first = cache.find(frame, lambda frame: people(frame.index))
    cache.rewind()
    with pytest.warns(DeprecationWarning):
        again = cache.find(frame, lambda frame: pytest.fail('was cached before'))
    np.testing.assert_array_equal(first.keypoints, again.keypoints)
    with pytest.warns(DeprecationWarning, match=r'EstimateCache\.cached'):
        assert cache.found == 0
