"""The file of a report: when it is written, its bytes, its size, and the memory that writing takes."""

import gc
import os
import tracemalloc

import pytest

from report_pages import MEASURED, parse, persons, video
from result_video import write
from spinepose_mm.writers.report.writer import ReportWriter


def test_no_frame_leaves_no_file_and_an_old_one_as_it_was(tmp_path):
    write(ReportWriter, tmp_path / 'new.html', [], 10.0)
    (tmp_path / 'old.html').write_text('old')
    write(ReportWriter, tmp_path / 'old.html', [], None)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [('old.html', 'old')]


def test_the_same_frames_give_the_same_bytes_and_an_interruption_those_till_then(tmp_path):
    first, second = (
        write(ReportWriter, tmp_path / name, video(), 10.0, measures=MEASURED).read_bytes() for name in 'ab'
    )
    assert first == second
    writer = ReportWriter(tmp_path / 'c', 10.0, measures=MEASURED)
    for frame in list(video())[:20]:
        writer.write(frame)
        assert not (tmp_path / 'c').exists()
    writer.close()
    shorter = write(ReportWriter, tmp_path / 'd', list(video())[:20], 10.0, measures=MEASURED)
    assert (tmp_path / 'c').read_bytes() == shorter.read_bytes() != first
    assert sorted(os.listdir(tmp_path)) == ['a', 'b', 'c', 'd']


def test_a_video_of_five_minutes_is_small(tmp_path):
    path = write(
        ReportWriter,
        tmp_path / 'report.html',
        video(1500, range(8), tuple(MEASURED), size=(640, 480)),
        5.0,
        measures=MEASURED,
    )
    assert path.stat().st_size < 2e6 and list(persons(parse(path))) == list(range(6))


@pytest.mark.parametrize('rate', [10.0, None])
def test_memory_hardly_grows_with_the_frames(tmp_path, rate):
    def peak(count):
        gc.collect()
        tracemalloc.start()
        write(ReportWriter, tmp_path / 'report.html', video(count), rate, measures=MEASURED)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(20)  # what is made once is not counted
    assert peak(5000) < peak(500) + 4500 * 400  # bytes: curves are read one at a time, and no image stays
