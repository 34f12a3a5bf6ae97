import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from result_video import LIFTED, PRESENCE, RATE, UNLIFTED, make_video, write
from spinepose_mm import skeleton
from spinepose_mm.structures.frame import Frame, no_people
from spinepose_mm.writers import CsvWriter, ParquetWriter

READERS = {CsvWriter: pd.read_csv, ParquetWriter: pd.read_parquet}
ENDINGS = {CsvWriter: '.csv', ParquetWriter: '.parquet'}
SPACE = ['x_m', 'y_m', 'z_m']
both = pytest.mark.parametrize('writer', READERS)


def tables(writer, folder, frames, **options):
    """Return the table of keypoints and, if there is one, that of measures."""
    write(writer, folder / f'out{ENDINGS[writer]}', frames, **options)
    return [READERS[writer](path) for path in sorted(folder.iterdir())]


def same(found, truth, off):
    """Compare numbers within `off`, and that the same ones are missing."""
    np.testing.assert_allclose(np.asarray(found, float), np.asarray(truth, float), rtol=0, atol=off)


@both
def test_a_row_for_each_frame_person_and_keypoint(writer, tmp_path):
    video = make_video('world')
    points, _ = tables(writer, tmp_path, video, **LIFTED)
    assert list(points) == [
        'frame',
        'time_s',
        'person',
        'keypoint',
        'level',
        'x_px',
        'y_px',
        'score',
        *SPACE,
        'error_m',
        'confidence',
    ]
    assert len(points) == 11 * 37 and not points.duplicated(['frame', 'person', 'keypoint']).any()
    assert {number: tuple(rows.frame.unique()) for number, rows in points.groupby('person')} == PRESENCE
    # Rounding at half a unit of the last decimal, or single precision.
    fine = (
        dict(x_px=0.00501, score=0.0000501, x_m=0.00000501)
        if writer is CsvWriter
        else dict(x_px=640 * 2**-24, score=2**-24, x_m=5 * 2**-24)
    )
    for frame in video[1:]:
        people, rows = frame.people, points[points.frame == frame.index]
        assert rows.person.tolist() == np.repeat(people.ids, 37).tolist()
        assert rows.keypoint.tolist() == list(skeleton.NAMES) * len(people)
        same(rows.time_s, np.full(len(rows), frame.index / RATE), 1e-9)
        same(rows[['x_px', 'y_px']], people.keypoints.reshape(-1, 2), fine['x_px'])
        same(rows.score, people.scores.ravel(), fine['score'])
        same(rows.confidence, people.confidence.ravel(), fine['score'])
        same(rows[SPACE], people.points.reshape(-1, 3), fine['x_m'])
        same(rows.error_m, people.point_errors.ravel(), fine['x_m'])
    assert points[(points.frame == UNLIFTED) & (points.person == 7)][SPACE].isna().all(axis=None)
    assert points[points.keypoint == 'spine_02'].level.unique().tolist() == ['L3']
    assert points[points.keypoint == 'nose'].level.isna().all()


@both
def test_a_row_of_measures_for_each_frame_and_person(writer, tmp_path):
    video = make_video()
    video[3].people.measures, video[3].people.views = {}, None
    _, measures = tables(writer, tmp_path, video, measures=LIFTED['measures'])
    assert (tmp_path / f'out_measures{ENDINGS[writer]}').exists()
    assert list(measures) == ['frame', 'time_s', 'person', 'view', 'trunk_lean_deg', 'sway_percent']
    assert len(measures) == 11 and measures.sway_percent.isna().all()
    for frame in video[1:]:
        people, rows = frame.people, measures[measures.frame == frame.index]
        assert rows.person.tolist() == people.ids.tolist()
        if frame.index == 3:
            assert rows.view.isna().all() and rows.trunk_lean_deg.isna().all()
        else:
            assert rows.view.tolist() == people.views.tolist()
            same(rows.trunk_lean_deg, people.measures['trunk_lean'], 0.0000501)


@both
def test_2d_alone_has_no_columns_of_space_and_no_table_of_measures(writer, tmp_path):
    (points,) = tables(writer, tmp_path, make_video())
    assert list(points)[-4:] == ['x_px', 'y_px', 'score', 'confidence']


@both
def test_a_lifter_that_predicts_no_errors(writer, tmp_path):
    video = make_video('camera')
    video[1].people.point_errors = None
    points, _ = tables(writer, tmp_path, video, **{**LIFTED, 'coordinates': 'camera'})
    assert points[points.frame == 1].error_m.isna().all() and points[points.frame == 2].error_m.notna().all()
    assert points[points.frame == 1].x_m.notna().all()


@both
def test_the_spine_alone_from_top_to_bottom(writer, tmp_path):
    video = make_video('world')
    points, _ = tables(writer, tmp_path, video, spine_only=True, **LIFTED)
    assert points[:18].level.tolist() == ['C1', 'C4', 'C7', 'T3', 'T8', 'L1', 'L3', 'L5', 'S1'] * 2
    assert len(points) == 11 * 9
    same(points[:9][SPACE], video[1].people.points[0, list(skeleton.SUBSETS['spine'])], 0.00000501)


@both
@pytest.mark.parametrize('frames', [[], [Frame(0, 0.0, 'a.mp4', people=no_people())]])
def test_no_people(writer, tmp_path, frames):
    points, measures = tables(writer, tmp_path, frames, **LIFTED)
    assert len(points) == len(measures) == 0
    assert list(points)[-5:] == [*SPACE, 'error_m', 'confidence'] and list(measures)[-1] == 'sway_percent'


@both
def test_images_are_named_and_people_counted(writer, tmp_path):
    frames = [replace(frame, time=np.nan, path=f'a folder, of mine/{frame.index}.jpg') for frame in make_video()[3:5]]
    for frame in frames:
        frame.people.ids = None
    points, measures = tables(writer, tmp_path, frames, frame_rate=None, measures=LIFTED['measures'])
    for table in (points, measures):
        assert list(table)[:4] == ['frame', 'picture', 'time_s', 'person']
        assert table.time_s.isna().all() and table.person.unique().tolist() == [0, 1]
        assert table.picture.unique().tolist() == ['a folder, of mine/3.jpg', 'a folder, of mine/4.jpg']


def test_csv_by_hand(tmp_path):
    video = make_video()[1:2]
    video[0].time, people = 1 / 3, video[0].people
    people.keypoints[0, 36], people.scores[0, 36], people.confidence[0, 36] = [-0.001, 12.5], 1.23456, 0.98765
    lines = write(CsvWriter, tmp_path / 'a.csv', video).read_text().split('\n')
    assert lines[0] == 'frame,time_s,person,keypoint,level,x_px,y_px,score,confidence'
    assert lines[37:] == ['1,0.333333,3,neck_03,C1,0.0,12.5,1.2346,0.9876', '']


def test_parquet_is_written_in_groups_and_says_what_it_is_in(tmp_path):
    parquet = pytest.importorskip('pyarrow.parquet')
    frame = make_video('world')[1]
    video = [replace(frame, index=i, time=i / RATE) for i in range(1100)]
    path = write(ParquetWriter, tmp_path / 'a.parquet', video, **LIFTED)
    file = parquet.ParquetFile(path)
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [18500, 18500, 3700]
    said = file.schema_arrow.metadata
    assert said[b'coordinates'] == b'"world"' and said[b'frame_rate'] == b'25.0'
    assert pd.read_parquet(path).frame.tolist() == np.repeat(range(1100), 37).tolist()


def test_parquet_without_pyarrow(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'pyarrow', None)
    with pytest.raises(ImportError, match=r'writing Parquet needs pyarrow: pip install "spinepose_mm\[parquet\]"'):
        ParquetWriter(tmp_path / 'a.parquet', RATE)
    assert not list(tmp_path.iterdir())


@both
def test_paths_that_a_spreadsheet_would_take_for_formulas(writer, tmp_path):
    paths = ['=1+1.jpg', '+a.jpg', '-a.jpg', '@a.jpg', '\ta.jpg', 'a=1.jpg', '/b/=1.jpg', 'caf\udce9.jpg']
    frames = [replace(frame, index=i, path=path) for i, (frame, path) in enumerate(zip(2 * make_video()[1:], paths))]
    points = tables(writer, tmp_path, frames, frame_rate=None)[0]
    written = points.groupby('frame').picture.first().tolist()
    assert written == [*('./' + path for path in paths[:5]), *paths[5:7], 'caf\\udce9.jpg']
