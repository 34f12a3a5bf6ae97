import json

import pytest

from spinepose_mm.io.reading import is_number, reading
from spinepose_mm.zoo.checkpoints import CheckpointError


def raised(error, *args, **kwargs):
    with pytest.raises(Exception) as caught, reading('a.json', 'is not JSON', *args, **kwargs):
        raise error
    return caught.value


def test_whatever_a_parser_raises_names_the_file():
    assert str(raised(KeyError('id'))) == "a.json is not JSON: KeyError: 'id'"
    assert str(raised(ValueError('two\nlines'), 'images')) == 'a.json: images is not JSON: two lines'
    assert str(raised(RecursionError('maximum'))) == 'a.json is not JSON: it is nested too deeply'
    assert str(raised(MemoryError())) == 'a.json is not JSON: it asks for more memory than there is'
    assert len(str(raised(ValueError('x' * 9999)))) < 400
    error = raised(OSError('broken'), raised=CheckpointError)
    assert type(error) is CheckpointError and isinstance(error.__cause__, OSError)


def test_what_is_clear_already_passes():
    for error in (
        ValueError('a.json: images has no id'),
        ValueError('a.json has no id'),
        CheckpointError('a.json: b'),
        FileNotFoundError(2, 'No such file', 'b.jpg'),
        ImportError('pip install onnx'),
    ):
        assert raised(error) is error
    assert str(raised(ValueError('a.jsonl: b'))) == 'a.json is not JSON: a.jsonl: b'
    with pytest.raises(KeyboardInterrupt), reading('a.json', 'is not JSON'):
        raise KeyboardInterrupt
    with reading('a.json', 'is not JSON'):
        assert json.loads('[1]') == [1]


def test_numbers_that_a_float_can_be():
    assert all(map(is_number, (0, -3, 1.5, 10**300)))
    assert not any(map(is_number, (10**400, float('nan'), float('inf'), True, '1', None, [1])))
