from pathlib import Path

import pytest

from spinepose_mm.writers import (
    FORMATS,
    CocoWriter,
    CsvWriter,
    ImagesWriter,
    OpenPoseWriter,
    ParquetWriter,
    ReportWriter,
    TrcWriter,
    VideoWriter,
    writer_for,
)


@pytest.mark.parametrize(
    'given, writer',
    [
        ('a/b.csv', CsvWriter),
        (Path('a.b/C.CSV'), CsvWriter),
        ('x.parquet', ParquetWriter),
        ('a.trc', TrcWriter),
        ('results.json', CocoWriter),
        ('pose/cam1_json', OpenPoseWriter),
        ('pose/cam1_json/', OpenPoseWriter),
        ('a.mp4', VideoWriter),
        ('a.WEBM', VideoWriter),
        ('a_annotated', ImagesWriter),
        ('a.html', ReportWriter),
    ],
)
def test_formats_are_chosen_by_their_endings(given, writer):
    assert writer_for(given) is writer


def test_every_ending_leads_to_its_own_format():
    for kind in FORMATS.values():
        assert writer_for(kind.place(Path(), 'video')) is kind.writer


@pytest.mark.parametrize('given', ['c3d', 'results.txt', 'json', 'csv/results', 'csv', ''])
def test_other_endings_are_refused(given):
    with pytest.raises(ValueError, match=r'does not end like a format of results.*coco \(\.json\)'):
        writer_for(given)
