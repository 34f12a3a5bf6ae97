import numpy as np
import pytest

from result_video import CAMERA, PRESENCE, RATE, UNLIFTED, make_video, write
from spinepose_mm import skeleton
from spinepose_mm.structures.frame import Frame, no_people
from spinepose_mm.writers import TrcWriter

WRIST = skeleton.index('left_wrist')


@pytest.fixture
def opensim(tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp('log'))  # where OpenSim leaves one
    return pytest.importorskip('opensim')


def truth(video, number):
    """Return a person's frames from the first to the last one, and points (T, 37, 3), NaN where there are none."""
    frames = list(range(PRESENCE[number][0], PRESENCE[number][-1] + 1))
    points = np.full((len(frames), 37, 3), np.nan)
    for row, i in enumerate(frames):
        if number in video[i].people.ids:
            points[row] = video[i].people.points[video[i].people.ids.tolist().index(number)]
    points[:, WRIST] = np.nan  # not visible
    return frames, points


def read_table(opensim, path):
    """Return OpenSim's table, its times (T,), and its points (T, M, 3)."""
    table = opensim.TimeSeriesTableVec3(str(path))
    rows = [table.getRowAtIndex(i) for i in range(table.getNumRows())]
    points = np.array([[row[k].to_numpy() for k in range(table.getNumColumns())] for row in rows])
    return table, np.array(table.getIndependentColumn()), points


def same(found, points, off=0.00000501):
    np.testing.assert_allclose(found, points, rtol=0, atol=off)


@pytest.mark.parametrize('number', PRESENCE)
def test_opensim_reads_each_person(opensim, tmp_path, number):
    video = make_video('world')
    write(TrcWriter, tmp_path / 'side.trc', video, coordinates='world')
    assert sorted(path.name for path in tmp_path.iterdir()) == ['side_P3.trc', 'side_P7.trc']
    frames, points = truth(video, number)
    table, times, found = read_table(opensim, tmp_path / f'side_P{number}.trc')
    assert table.getColumnLabels() == skeleton.POSE2SIM
    np.testing.assert_allclose(times, np.array(frames) / RATE, atol=1e-9)
    same(found, points)
    said = {key: table.getTableMetaDataAsString(key) for key in table.getTableMetaDataKeys()}
    assert said['Units'] == 'm' and said['DataRate'] == said['CameraRate'] == said['OrigDataRate'] == '25'
    assert said['NumFrames'] == said['OrigNumFrames'] == str(len(frames)) and said['NumMarkers'] == '37'
    assert said['OrigDataStartFrame'] == str(frames[0])


@pytest.mark.parametrize('number', PRESENCE)
def test_opensims_older_reader_takes_it_too(opensim, tmp_path, number):
    video = make_video('world')
    write(TrcWriter, tmp_path / 'side.trc', video, coordinates='world')
    frames, points = truth(video, number)
    data = opensim.MarkerData(str(tmp_path / f'side_P{number}.trc'))
    assert data.getNumFrames() == len(frames) and data.getDataRate() == RATE and data.getUnits().getLabel() == 'meters'
    rows = [data.getFrame(i) for i in range(len(frames))]
    assert [row.getFrameNumber() for row in rows] == frames
    same([[row.getMarker(k).to_numpy() for k in range(37)] for row in rows], points)


def test_pose2sim_reads_it(tmp_path):
    with np.printoptions():  # which its import changes for good
        common = pytest.importorskip('Pose2Sim.common')
    video = make_video('world')
    write(TrcWriter, tmp_path / 'side.trc', video, coordinates='world')
    for number in PRESENCE:
        frames, points = truth(video, number)
        data, numbers, times, markers, _ = common.read_trc(tmp_path / f'side_P{number}.trc')
        assert markers == list(skeleton.POSE2SIM) and numbers.tolist() == frames
        np.testing.assert_allclose(times, np.array(frames) / RATE, atol=1e-9)
        same(data.to_numpy().reshape(-1, 37, 3), points)


def test_camera_space_is_turned_to_y_up(opensim, tmp_path):
    video = make_video('camera')
    write(TrcWriter, tmp_path / 'side.trc', video, coordinates='camera')
    found = read_table(opensim, tmp_path / 'side_P3.trc')[2]
    same(found, truth(video, 3)[1] * [1, -1, -1])
    head, toes = (found[:, skeleton.index(name)] for name in ('head', 'left_big_toe'))
    assert (head[:, 1] - toes[:, 1]).min() > 1  # metres up
    # A rotation and a translation from the world: left is not taken for right.
    world = truth(make_video('world'), 3)[1]
    same(found @ (np.diag([1, -1, -1]) @ CAMERA.R) - CAMERA.t @ CAMERA.R, world, 0.00001)


def test_the_spine_alone(opensim, tmp_path):
    video = make_video('world')
    write(TrcWriter, tmp_path / 'side.trc', video, coordinates='world', spine_only=True)
    table, _, found = read_table(opensim, tmp_path / 'side_P3.trc')
    spine = list(skeleton.SUBSETS['spine'])
    assert table.getColumnLabels() == tuple(skeleton.POSE2SIM[i] for i in spine)
    same(found, truth(video, 3)[1][:, spine])


def test_the_confidence_threshold(opensim, tmp_path):
    video = make_video('world')
    write(TrcWriter, tmp_path / 'side.trc', video, coordinates='world', min_confidence=0.1)
    assert np.isfinite(read_table(opensim, tmp_path / 'side_P3.trc')[2]).all()


def test_frames_that_were_left_out_and_times_between(opensim, tmp_path):
    video = make_video('world')
    video[6].time = 0.3
    write(TrcWriter, tmp_path / 'side.trc', [video[3], video[6]], coordinates='world')
    _, times, found = read_table(opensim, tmp_path / 'side_P3.trc')
    np.testing.assert_allclose(times, [0.12, 0.18, 0.24, 0.3], atol=1e-9)
    assert np.isfinite(found[[0, 3], 0]).all() and np.isnan(found[1:3]).all()


def test_a_person_who_is_never_lifted_has_no_file(tmp_path):
    video = make_video('world')[UNLIFTED : UNLIFTED + 2]
    write(TrcWriter, tmp_path / 'side.trc', video, coordinates='world')
    assert [path.name for path in tmp_path.iterdir()] == ['side_P3.trc']


@pytest.mark.parametrize('frames', [[], [Frame(0, 0.0, 'a.mp4', people=no_people())]])
def test_no_people_leave_no_file(tmp_path, frames):
    write(TrcWriter, tmp_path / 'side.trc', frames, coordinates='world')
    assert not list(tmp_path.iterdir())


def test_half_a_row_does_not_count(opensim, tmp_path):
    video = make_video('world')
    writer = TrcWriter(tmp_path / 'side.trc', RATE, coordinates='world')
    for frame in video:
        writer.write(frame)
    with open(tmp_path / 'side.trc.part' / 'P3', 'a') as body:
        body.write('8\t0.32')
    writer.close()
    assert len(read_table(opensim, tmp_path / 'side_P3.trc')[1]) == 7


def test_what_no_trc_can_be_of(tmp_path):
    with pytest.raises(ValueError, match=r'side\.trc: TRC files hold markers in metres, which 2D keypoints are not'):
        TrcWriter(tmp_path / 'side.trc', RATE)
    with pytest.raises(ValueError, match=r'side\.trc: TRC files are of videos: these are images without a frame rate'):
        TrcWriter(tmp_path / 'side.trc', None, coordinates='camera')
    video = make_video('world')
    video[1].people.ids = None
    with pytest.raises(ValueError, match=r'side\.trc: TRC files are of one person each, and people have no ids'):
        write(TrcWriter, tmp_path / 'side.trc', video, coordinates='world')
    assert not list(tmp_path.iterdir())


def test_a_name_with_line_breaks_and_tabs_stays_on_one_line(opensim, tmp_path):
    write(TrcWriter, tmp_path / 'side\tview\n2\r.trc', make_video('world'), coordinates='world')
    (path,) = tmp_path.glob('*_P3.trc')
    header = path.read_bytes().split(b'\n')[0].decode()
    assert header == 'PathFileType\t4\t(X/Y/Z)\tside\\tview\\n2\\r_P3.trc'
    plain = path.rename(tmp_path / 'plain.trc')
    assert len(read_table(opensim, plain)[1]) == 7
