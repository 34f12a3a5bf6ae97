import os
import tracemalloc
from dataclasses import replace

import pytest

from result_video import LIFTED, make_video, write
from spinepose_mm.writers import CocoWriter, CsvWriter, OpenPoseWriter, ParquetWriter, TrcWriter

WRITERS = [OpenPoseWriter, CocoWriter, CsvWriter, ParquetWriter, TrcWriter]
pytestmark = pytest.mark.parametrize('writer', WRITERS)


def contents(folder):
    """Return {path below a folder: bytes} of all files."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob('*') if path.is_file()}


def test_the_same_input_gives_the_same_bytes_in_the_place_of_old_ones(writer, tmp_path):
    folder = tmp_path / 'new' / 'folder'
    for _ in range(2):
        write(writer, folder / 'out', make_video('world'), **LIFTED)
        found = contents(folder)
        write(writer, folder / 'out', make_video('world')[:4], **LIFTED)
        fewer = contents(folder)
        write(writer, folder / 'out', make_video('world'), **LIFTED)
        assert contents(folder) == found and len(found) and fewer != found
        assert not any('.part' in str(path) or '.old' in str(path) for path in found)


def test_nothing_is_in_its_place_before_the_end(writer, tmp_path):
    writing = writer(tmp_path / 'out', 25.0, **LIFTED)
    for frame in make_video('world'):
        writing.write(frame)
        assert all('out.part' in str(path) or path.name.endswith('.part') for path in contents(tmp_path))
    writing.close()
    assert not any('.part' in str(path) for path in contents(tmp_path))


def test_an_interruption_leaves_what_an_end_there_would(writer, tmp_path):
    class Interrupted(Exception):
        pass

    def frames():
        yield from make_video('world')[:5]
        raise Interrupted

    with pytest.raises(Interrupted):
        write(writer, tmp_path / 'a' / 'out', frames(), **LIFTED)
    write(writer, tmp_path / 'b' / 'out', make_video('world')[:5], **LIFTED)
    assert contents(tmp_path / 'a') == contents(tmp_path / 'b') != {}


def test_a_failure_at_the_end_leaves_the_old_file_and_nothing_half_written(writer, tmp_path, monkeypatch):
    write(writer, tmp_path / 'out', make_video('world')[:5], **LIFTED)
    before = contents(tmp_path)
    writing = writer(tmp_path / 'out', 25.0, **LIFTED)
    for frame in make_video('world'):
        writing.write(frame)

    def fail(source, target):
        raise OSError('the disk is gone')

    monkeypatch.setattr(os, 'replace', fail)
    with pytest.raises(OSError, match='the disk is gone'):
        writing.close()
    assert contents(tmp_path) == before


def test_where_nothing_can_be_written(writer, tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(OSError, match=r'file/out cannot be written: .*file'):
        writer(tmp_path / 'file' / 'out', 25.0, **LIFTED)
    assert os.listdir(tmp_path) == ['file']


def test_unknown_coordinates(writer, tmp_path):
    with pytest.raises(ValueError, match="coordinates are 'camera' or 'world', or None, not 'word'"):
        writer(tmp_path / 'out', 25.0, coordinates='word')


def test_memory_does_not_grow_with_the_video(writer, tmp_path):
    frame = make_video('world')[-1]
    frame.people = frame.people[[0]]

    def peak(count):
        tracemalloc.start()
        writing = writer(tmp_path / 'out', 25.0, spine_only=True, **LIFTED)
        for i in range(count):
            writing.write(replace(frame, index=i, time=i / 25))
        writing.close()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(2)  # what is imported and kept once
    assert peak(5000) < peak(500) + 50000  # a tenth of what the shortest rows would take
