"""From an input to files, interrupted and not."""

import errno
import json
import os
import weakref
from pathlib import Path

import cv2
import numpy as np
import pandas
import pytest
from mmengine.registry import init_default_scope

import builders
from spinepose_mm.inference import SpinePose3DInferencer, SpinePoseInferencer, analyse, check_outputs, open_source
from spinepose_mm.io.atomic import locked
from spinepose_mm.writers import FORMATS, CsvWriter

FRAMES = 12
BOX = [30.0, 10, 170, 190]


@pytest.fixture(scope='module')
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp('video') / 'video.mp4'
    builders.write_video(path, FRAMES)
    return path


@pytest.fixture(scope='module')
def inferencer():
    init_default_scope('mmpose')
    return SpinePoseInferencer('spinepose-tiny', det_model='whole_image', device='cpu')


@pytest.fixture(scope='module')
def lifting():
    init_default_scope('mmpose')
    return SpinePose3DInferencer(
        'spinepose-lifter', pose2d_model='spinepose-tiny', det_model='whole_image', device='cpu'
    )


def contents(folder):
    """Return {path below a folder: bytes} of all files."""
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in sorted(Path(folder).rglob('*')) if path.is_file()
    }


class Interruption:
    """Makes an inferencer fail in the middle of a video."""

    def __init__(self, monkeypatch, inferencer, after, error=KeyboardInterrupt):
        self.predicted, stock = 0, inferencer.predict

        def predict(*args):
            if self.predicted == after:
                raise error
            self.predicted += 1
            return stock(*args)

        monkeypatch.setattr(inferencer, 'predict', predict)


def test_a_video(inferencer, video, tmp_path):
    summary = analyse(video, tmp_path, inferencer)
    assert (summary.frames, len(summary.persons), summary.skipped, summary.replayed) == (FRAMES, 1, 0, 0)
    written = ['video.csv', 'video.html', 'video_annotated.mp4', 'video_measures.csv']
    assert sorted(contents(tmp_path)) == sorted(path.name for path in summary.files) == written
    table = pandas.read_csv(tmp_path / 'video.csv')
    assert len(table) == FRAMES * 37 and set(table.frame) == set(range(FRAMES))
    assert len(pandas.read_csv(tmp_path / 'video_measures.csv')) == FRAMES
    assert summary.coverage.frames == summary.coverage.people == FRAMES
    page = (tmp_path / 'video.html').read_text()
    assert '<dt>Model</dt><dd>spinepose-tiny</dd>' in page and 'Not for measuring' in page


def test_all_formats_in_3d_interrupted_and_gone_on_with(lifting, video, tmp_path, monkeypatch):
    options = dict(formats=list(FORMATS), coordinates='world', bboxes=[[BOX]] * FRAMES, warm_up=4)
    analyse(video, tmp_path / 'once', lifting, **options)
    for more in (2, 5):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            Interruption(patch, lifting.pose2d_model, more)
            analyse(video, tmp_path / 'twice', lifting, **options)
        assert list(contents(tmp_path / 'twice')) == ['video.progress']
    with monkeypatch.context() as patch:
        counted = Interruption(patch, lifting.pose2d_model, FRAMES)
        summary = analyse(video, tmp_path / 'twice', lifting, **options)
    assert counted.predicted == FRAMES - 7 and summary.replayed == 7
    once, twice = contents(tmp_path / 'once'), contents(tmp_path / 'twice')
    assert once.keys() == twice.keys()
    assert [name for name in once if once[name] != twice[name]] == []
    assert {path.name for path in summary.files} == {name.split('/')[0] for name in twice}


@pytest.mark.parametrize('overlaps', [False, True])
def test_box_propagation_interrupted_and_resumed(inferencer, video, tmp_path, monkeypatch, overlaps):
    """Propagated boxes follow from predictions that are computed or read from the cache."""
    detected = []

    def detect(image, *options):
        detected.append(1)
        return np.array([[*BOX, 0.8]])

    monkeypatch.setattr(inferencer, 'detector', 'not used')
    monkeypatch.setattr(inferencer, 'detect', detect)
    monkeypatch.setattr(inferencer, 'overlaps', overlaps)
    options = dict(formats=['csv', 'coco'], detect_every=4, flip_test=False)
    analyse(video, tmp_path / 'once', inferencer, **options)
    assert len(detected) == 3
    for more in (2, 4):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            Interruption(patch, inferencer, more)
            analyse(video, tmp_path / 'twice', inferencer, **options)
    detected.clear()
    assert analyse(video, tmp_path / 'twice', inferencer, **options).replayed == 6
    assert len(detected) == 1  # on frame 8
    assert contents(tmp_path / 'twice') == contents(tmp_path / 'once')
    for changed in (dict(detect_every=3), dict(flip_test=None)):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            Interruption(patch, inferencer, 2)
            analyse(video, tmp_path / 'new', inferencer, **options)
        assert analyse(video, tmp_path / 'new', inferencer, **options | changed).replayed == 0


def test_an_interrupted_video_leaves_whole_files(inferencer, video, tmp_path, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        Interruption(patch, inferencer, 7)
        analyse(video, tmp_path, inferencer, formats=['csv', 'coco', 'report', 'video'])
    assert set(pandas.read_csv(tmp_path / 'video.csv').frame) == set(range(7))
    assert len(json.loads((tmp_path / 'video.json').read_text())) == 7
    assert cv2.VideoCapture(str(tmp_path / 'video_annotated.mp4')).get(cv2.CAP_PROP_FRAME_COUNT) == 7
    assert (tmp_path / 'video.progress').is_file() and not list(tmp_path.glob('*.part*'))


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


def test_the_world_holds_from_the_first_frame(lifting, video, tmp_path):
    """Even where a video is shorter than the warm-up; the inferencer alone has it only at its end."""
    analyse(video, tmp_path, lifting, formats=['csv'], coordinates='world', smooth=False)
    table = pandas.read_csv(tmp_path / 'video.csv')
    places = table[['x_m', 'y_m', 'z_m']].to_numpy().reshape(FRAMES, 37, 3)
    *_, last = lifting(str(video), coordinates='world')
    np.testing.assert_allclose(places[-1], last['predictions'][0][0]['keypoints'], atol=2e-3)
    assert np.isfinite(places).all()


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


def test_frames_do_not_stay_in_memory(lifting, video, tmp_path, monkeypatch):
    alive, most, stock = [], [], lifting.pose2d_model.predict

    def predict(image, *options):
        alive.append(weakref.ref(image))
        most.append(sum(image() is not None for image in alive))
        return stock(image, *options)

    monkeypatch.setattr(lifting.pose2d_model, 'predict', predict)
    analyse(video, tmp_path, lifting, formats=list(FORMATS), warm_up=4)
    assert len(most) == FRAMES and max(most) <= 3


def test_images(inferencer, video, tmp_path):
    folder, capture = tmp_path / 'images', cv2.VideoCapture(str(video))
    folder.mkdir()
    for i in range(3):
        cv2.imwrite(str(folder / f'{i}.png'), capture.read()[1])
    (folder / '1.png').write_bytes(b'broken')
    summary = analyse(folder, tmp_path / 'out', inferencer)
    assert (summary.frames, summary.skipped, len(summary.persons)) == (2, 1, 2)
    assert sorted(contents(tmp_path / 'out')) == [
        'images.csv',
        'images.html',
        'images_annotated/0.png',
        'images_annotated/2.png',
        'images_measures.csv',
    ]
    summary = analyse(folder, tmp_path / 'video', inferencer, formats=['video', 'csv'], frame_rate=10)
    video = cv2.VideoCapture(str(tmp_path / 'video/images_annotated.mp4'))
    seconds = video.get(cv2.CAP_PROP_FRAME_COUNT) / video.get(cv2.CAP_PROP_FPS)
    assert (len(summary.persons), seconds) == (1, pytest.approx(0.3))  # the first is shown in place of the broken one


def test_an_image_in_3d(lifting, video, tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), cv2.VideoCapture(str(video)).read()[1])
    analyse(tmp_path / 'a.png', tmp_path / 'out', lifting, coordinates='world')
    assert len(pandas.read_csv(tmp_path / 'out/a.csv').x_m.dropna()) == 37


def test_arrays_without_people(inferencer, tmp_path):
    summary = analyse(
        [np.zeros((50, 60, 3), np.uint8)] * 3,
        tmp_path,
        inferencer,
        bboxes=[[]] * 3,
        formats=['csv', 'report', 'images'],
    )
    assert summary.coverage.warning.startswith('no detections in 3 of 3 frames')
    assert (summary.frames, len(summary.persons)) == (3, 0) and len(pandas.read_csv(tmp_path / 'images.csv')) == 0


def test_fifty_people(inferencer, video, tmp_path):
    boxes = np.array([[x, y, x + 15.0, y + 30] for x in range(0, 180, 18) for y in range(0, 160, 32)])
    assert len(boxes) == 50
    assert len(analyse(video, tmp_path, inferencer, formats=['csv'], bboxes=boxes).persons) >= 50


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


@pytest.mark.parametrize('shape', [(1, 30000, 3), (30000, 1, 3), (10, 32766, 3)])
def test_images_of_extreme_shapes(inferencer, shape, tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), np.full(shape, 99, np.uint8))
    summary = analyse(tmp_path / 'a.png', tmp_path / 'out', inferencer, formats=['csv', 'report', 'images'])
    assert summary.frames == 1 and all(path.exists() for path in summary.files)


def test_an_error_of_opencv_names_the_file(inferencer, video, tmp_path, monkeypatch):
    wide = np.zeros((10, 32767, 3), np.uint8)  # one more than OpenCV warps; of files the size is checked before
    with pytest.raises(ValueError, match=r'00000001\.jpg: OpenCV cannot work on it: .*in function'):
        analyse([wide[:, :50], wide], tmp_path, inferencer, formats=['csv'])
    message = r'video\.mp4, frame 0: OpenCV cannot work on it'
    with monkeypatch.context() as patch, pytest.raises(ValueError, match=message):
        patch.setattr(CsvWriter, 'write', lambda self, frame: cv2.resize(frame.image, (0, 0)))
        analyse(video, tmp_path, inferencer, formats=['csv'])
    with monkeypatch.context() as patch, pytest.raises(ValueError, match=r'video\.mp4: OpenCV cannot work on it'):
        patch.setattr(CsvWriter, 'close', lambda self: cv2.resize(np.zeros((1, 1)), (0, 0)))
        analyse(video, tmp_path, inferencer, formats=['csv'])


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
