"""Files of results: what is refused, locked, kept and left as it was."""

import errno
import json
import os

import cv2
import numpy as np
import pandas
import pytest

from interrupting import FRAMES, contents
from spinepose_mm.inference import analyse, check_outputs, open_source
from spinepose_mm.io.atomic import locked
from spinepose_mm.writers import CsvWriter


def test_what_cannot_be_written_on_is_left_as_it_was(inferencer, video, tmp_path, monkeypatch):
    """The disk is full in the middle of a row; what other files there are is whole, and the run can go on."""
    analyse(video, tmp_path, inferencer, formats=['csv', 'coco'])
    before, stock = contents(tmp_path), CsvWriter.write

    def write(self, frame):
        if frame.index == 5:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        stock(self, frame)

    with monkeypatch.context() as patch, pytest.raises(OSError, match=r'video\.csv cannot be written on: .*No space'):
        patch.setattr(CsvWriter, 'write', write)
        analyse(video, tmp_path, inferencer, formats=['csv', 'coco'])
    after = contents(tmp_path)
    assert after['video.csv'] == before['video.csv'] and len(json.loads(after['video.json'])) == 5
    assert analyse(video, tmp_path, inferencer, formats=['csv', 'coco']).replayed == 6
    assert contents(tmp_path) == before


def test_a_file_by_its_ending_and_one_that_is_there(inferencer, video, tmp_path):
    analyse(video, tmp_path / 'new' / 'a.csv', inferencer, spine_only=True)
    table = pandas.read_csv(tmp_path / 'new/a.csv')
    assert table.level.unique().tolist() == ['C1', 'C4', 'C7', 'T3', 'T8', 'L1', 'L3', 'L5', 'S1']
    before = contents(tmp_path)
    with pytest.raises(ValueError, match='bboxes: a box of frame 0 is not'):
        analyse(video, tmp_path / 'new' / 'a.csv', inferencer, bboxes=[np.array([[5.0, 5, 1, 1]])])
    assert contents(tmp_path) == before  # nothing new, so that the old is kept
    with pytest.raises(ValueError, match='TRC files hold markers in metres'):
        analyse(video, [tmp_path / 'new' / 'a.csv', tmp_path / 'new' / 'a.trc'], inferencer)
    assert contents(tmp_path) == before


def test_what_cannot_be(inferencer, video, tmp_path):
    with pytest.raises(ValueError, match='video.mp4 was given to read'):
        analyse(video, video, inferencer)
    boxes = tmp_path / 'video_measures.csv'
    boxes.write_text('frame,x1,y1,x2,y2\n')
    with pytest.raises(ValueError, match='video_measures.csv was given to read'):
        analyse(video, tmp_path, inferencer, bboxes=boxes)
    assert boxes.read_text() and list(contents(tmp_path)) == ['video_measures.csv']
    with pytest.raises(ValueError, match='outputs are a folder'):
        analyse(video, tmp_path / 'a.csv', inferencer, formats=['report'])
    with pytest.raises(ValueError, match="there is no format 'pdf', but csv,"):
        analyse(video, tmp_path, inferencer, formats=['pdf'])
    with pytest.raises(ValueError, match='a.pdf does not end like a format of results'):
        analyse(video, tmp_path / 'a.pdf', inferencer)
    (tmp_path / 'file').write_text('')
    with pytest.raises(OSError, match='file'):
        analyse(video, tmp_path / 'file' / 'out', inferencer)


def test_two_runs_at_once(inferencer, video, tmp_path, monkeypatch):
    """The second says so, and the first leaves what it would leave alone; other videos may go to the same folder."""
    formats, stock, answers = ['csv', 'coco'], inferencer.predict, []
    analyse(video, tmp_path / 'alone', inferencer, formats=formats)
    other = tmp_path / 'other.mp4'
    other.write_bytes(video.read_bytes())

    def predict(*args):
        monkeypatch.setattr(inferencer, 'predict', stock)
        for given, chosen in ((video, formats), (video, ['report']), (video, ['coco']), (other, formats)):
            try:
                answers.append(analyse(given, tmp_path / 'out', inferencer, formats=chosen).finished)
            except BlockingIOError as error:
                answers.append(str(error))
        return stock(*args)

    monkeypatch.setattr(inferencer, 'predict', predict)
    analyse(video, tmp_path / 'out', inferencer, formats=formats)
    assert [answer is True or answer.partition(' ')[0].rpartition('/')[2] for answer in answers] == [
        'video.csv',
        'video.progress',
        'video.json',
        True,
    ]
    out = contents(tmp_path / 'out')
    assert {name: out.pop(name) for name in list(out) if name.startswith('video')} == contents(tmp_path / 'alone')
    assert sorted(out) == ['other.csv', 'other.json', 'other_measures.csv']


def test_names_that_are_not_utf_8(inferencer, video, tmp_path):
    """OpenCV ends the process at the video's."""
    image, clip = (tmp_path / os.fsdecode(b'caf\xe9' + ending) for ending in (b'.png', b'.mp4'))
    image.write_bytes(cv2.imencode('.png', np.full((60, 50, 3), 99, np.uint8))[1].tobytes())
    clip.write_bytes(video.read_bytes())
    for given, frames, formats in (
        (image, 1, ['csv', 'parquet', 'report', 'coco', 'images']),
        (clip, FRAMES, ['csv', 'report', 'openpose', 'video']),
    ):
        summary = analyse(given, tmp_path / 'out', inferencer, formats=formats)
        assert summary.frames == frames and all('caf_udce9' in path.name for path in summary.files)
    for read, ending in ((pandas.read_csv, 'csv'), (pandas.read_parquet, 'parquet')):
        table = read(tmp_path / f'out/caf_udce9.{ending}')
        assert len(table) == FRAMES * 37 or table.picture[0].endswith('caf\\udce9.png')
    with pytest.raises(ValueError, match='videos are written under names in UTF-8 only'):
        analyse(video, tmp_path / os.fsdecode(b'\xe9.mp4'), inferencer)


def test_outputs_are_checked_before_anything_is_there(video, tmp_path):
    source = open_source(video)
    for formats in (['csv', 'openpose', 'coco', 'report', 'video', 'parquet'], None):
        check_outputs(source, tmp_path / 'a' / 'b', formats=formats)
    check_outputs(source, tmp_path / 'a' / 'b', lifted=True)
    assert not os.listdir(tmp_path)
    (tmp_path / 'file').write_text('')
    for outputs, options, error, problem in (
        ('file/out', {}, OSError, 'cannot be written'),
        ('a.pdf', {}, ValueError, 'does not end like'),
        ('a.trc', {}, ValueError, 'TRC files hold markers in metres'),
        ('file', dict(formats=['csv']), OSError, 'cannot be written'),
        ('boxes.csv', dict(bboxes=tmp_path / 'boxes.csv'), ValueError, 'was given to read'),
    ):
        with pytest.raises(error, match=problem):
            check_outputs(source, tmp_path / outputs, **options)
    with locked(tmp_path / 'a.csv'), pytest.raises(BlockingIOError, match=r'a\.csv is being written by another run'):
        check_outputs(source, tmp_path / 'a.csv')
    assert os.listdir(tmp_path) == ['file']
