"""From an input to files, interrupted and not."""

import json
import weakref

import cv2
import numpy as np
import pandas
import pytest

from interrupting import FRAMES, Interruption, contents
from spinepose_mm.inference import analyse
from spinepose_mm.writers import FORMATS, CsvWriter

BOX = [30.0, 10, 170, 190]


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


@pytest.mark.parametrize('threshold', [b'0.3', b'null'])
def test_a_run_that_the_version_before_began_is_resumed(inferencer, video, tmp_path, monkeypatch, threshold):
    """Its tool stated the threshold of detections at its default, and calls from Python did not."""
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        Interruption(patch, inferencer, 5)
        analyse(video, tmp_path, inferencer, formats=['csv'])
    path = tmp_path / 'video.progress'
    begun, before = path.read_bytes(), b'"bbox_thr":0.3,"bboxes":null,"detect_every":1,"flip_test":null,"nms_thr":null'
    assert before in begun.split(b'\n')[0]
    path.write_bytes(begun.replace(b'"bbox_thr":0.3', b'"bbox_thr":' + threshold))
    assert analyse(video, tmp_path, inferencer, formats=['csv']).replayed == 5


def test_an_interrupted_video_leaves_whole_files(inferencer, video, tmp_path, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        Interruption(patch, inferencer, 7)
        analyse(video, tmp_path, inferencer, formats=['csv', 'coco', 'report', 'video'])
    assert set(pandas.read_csv(tmp_path / 'video.csv').frame) == set(range(7))
    assert len(json.loads((tmp_path / 'video.json').read_text())) == 7
    assert cv2.VideoCapture(str(tmp_path / 'video_annotated.mp4')).get(cv2.CAP_PROP_FRAME_COUNT) == 7
    assert (tmp_path / 'video.progress').is_file() and not list(tmp_path.glob('*.part*'))


def test_the_world_holds_from_the_first_frame(lifting, video, tmp_path):
    """Even where a video is shorter than the warm-up; the inferencer alone has it only at its end."""
    analyse(video, tmp_path, lifting, formats=['csv'], coordinates='world', smooth=False)
    table = pandas.read_csv(tmp_path / 'video.csv')
    places = table[['x_m', 'y_m', 'z_m']].to_numpy().reshape(FRAMES, 37, 3)
    *_, last = lifting(str(video), coordinates='world')
    np.testing.assert_allclose(places[-1], last['predictions'][0][0]['keypoints'], atol=2e-3)
    assert np.isfinite(places).all()


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
