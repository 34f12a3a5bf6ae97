"""`mim run spinepose_mm infer` as a user calls it."""

import os
import signal
import subprocess
import time

import cv2
import numpy as np
import pandas as pd
import pytest

import builders
from running import MIM, environment, mim
from spinepose_mm.inference import SpinePoseInferencer
from spinepose_mm.lifting.placement import standing_height

pytestmark = pytest.mark.tools
FRAMES = 40


@pytest.fixture(scope='module')
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp('video') / 'video.mp4'
    builders.write_video(path, FRAMES)
    return path


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.rglob('*')) if path.is_file()}


def test_killed_and_gone_on_with(video, tmp_path):
    """The same files as of a run that was not killed; without a display."""
    command = [
        'run',
        'spinepose_mm',
        'infer',
        video,
        '--model',
        'spinepose-tiny',
        '--det-model',
        'whole_image',
        '--device',
        'cpu',
        '--3d',
        '--world',
        '--height',
        '1.75',
        '--formats',
        'csv',
        'openpose',
        'trc',
        'report',
        'video',
        '--out',
    ]
    once = mim(*command, tmp_path / 'once', data=tmp_path, cwd=tmp_path, DISPLAY='')
    assert once.returncode == 0 and f'video.mp4: {FRAMES} frames, 1 person' in once.stdout, once.stdout[-1500:]
    process = subprocess.Popen(
        [*MIM, *map(str, command), 'twice'],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    progress = tmp_path / 'twice/video.progress'
    while process.poll() is None and not (progress.is_file() and progress.read_bytes().count(b'\n') > 10):
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert progress.is_file()
    again = mim(*command, 'twice', data=tmp_path, cwd=tmp_path)
    assert again.returncode == 0 and 'predicted before' in again.stdout, again.stdout[-1500:]
    assert contents(tmp_path / 'twice') == contents(tmp_path / 'once') and not progress.is_file()


def test_images_of_all_sorts(tmp_path):
    (tmp_path / 'in').mkdir()
    for name, shape in (('grey.png', (60, 50)), ('alpha.png', (80, 33, 4)), ('odd.jpg', (31, 57, 3))):
        cv2.imwrite(str(tmp_path / 'in' / name), np.full(shape, 127, np.uint8))
    (tmp_path / 'in/broken.jpg').write_bytes(b'no image')
    (tmp_path / 'boxes.csv').write_text('image,x1,y1,x2,y2\ngrey.png,1,1,40,50\ngrey.png,5,5,40,50\n')
    done = mim(
        'run',
        'spinepose_mm',
        'infer',
        'in',
        '--model',
        'spinepose-tiny',
        '--device',
        'cpu',
        '--boxes',
        'boxes.csv',
        '--out',
        'out',
        '--spine-only',
        data=tmp_path,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout[-1500:]
    assert 'in: 3 frames, 2 people, 1 could not be read' in done.stdout
    assert 'warning: in: hardly anything could be measured (0 % of the frames with people): too few' in done.stdout
    assert (tmp_path / 'out/in.csv').is_file() and (tmp_path / 'out/in.html').is_file()


def test_as_the_official_library(video, tmp_path):
    """Their lifter's file, averaged spines and mean scores; the lifted skeleton is as tall as it is said to be."""
    image = cv2.VideoCapture(str(video)).read()[1]
    cv2.imwrite(str(tmp_path / 'a.png'), image)
    pose = np.random.default_rng(0).normal(size=(37, 3))
    builders.write_lifter(tmp_path / 'theirs.onnx', np.zeros((2, 3)), pose)
    done = mim(
        'run',
        'spinepose_mm',
        'infer',
        'a.png',
        '--model',
        'spinepose-tiny',
        '--det-model',
        'whole_image',
        '--device',
        'cpu',
        '--out',
        'a.csv',
        '--score',
        'mean',
        '--v1-postprocess',
        '--3d',
        '--lifter',
        'theirs.onnx',
        '--height',
        1.84,
        data=tmp_path,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout[-1500:]
    found = pd.read_csv(tmp_path / 'a.csv')
    own = SpinePoseInferencer('spinepose-tiny', None, 'cpu', det_model='whole_image')
    people = own.predict(image, own.detect(image), score='mean', v1_postprocess=True)
    np.testing.assert_allclose(found[['x_px', 'y_px']], people.keypoints[0], atol=0.01)
    np.testing.assert_allclose(found.score, people.scores[0], atol=1e-3)
    points = found[['x_m', 'y_m', 'z_m']].to_numpy()
    assert standing_height(points) == pytest.approx(1.84, abs=0.01)
    assert np.linalg.norm(points[1] - points[0]) / np.linalg.norm(points[3] - points[2]) == pytest.approx(
        np.linalg.norm(pose[1] - pose[0]) / np.linalg.norm(pose[3] - pose[2]), rel=0.01
    )


def test_without_a_detector_nothing_is_guessed(tmp_path):
    """Where it cannot be downloaded, the whole image is taken for a person only if that is asked for."""
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((9, 9, 3), np.uint8))
    done = mim(
        'run',
        'spinepose_mm',
        'infer',
        'a.png',
        '--model',
        'spinepose-tiny',
        data=tmp_path,
        cwd=tmp_path,
        TORCH_HOME=str(tmp_path),
        HTTPS_PROXY='http://127.0.0.1:9',
    )
    assert done.returncode and 'error: there is no person detector (see above): give --boxes' in done.stdout
    assert not (tmp_path / 'results').exists()


@pytest.mark.parametrize(
    'arguments, problem',
    [
        (['none.mp4'], 'error: none.mp4 does not exist'),
        (['empty.mp4'], 'error: empty.mp4 cannot be opened as a video'),
        (['a.png', '--model', 'spinepose-huge'], "there is no config file and no model named 'spinepose-huge'"),
        (['a.png', '--boxes', 'none.csv'], "error: [Errno 2] No such file or directory: 'none.csv'"),
        (['a.png', 'b.png', '--out', 'a.csv'], 'error: the results of several inputs need a folder'),
        (['a.png', 'a.jpg'], "error: two inputs are named 'a'"),
    ],
)
def test_bad_calls_end_in_one_clear_line(tmp_path, arguments, problem):
    (tmp_path / 'empty.mp4').write_bytes(b'')
    for name in ('a.png', 'a.jpg'):
        cv2.imwrite(str(tmp_path / name), np.zeros((9, 9, 3), np.uint8))
    usual = [
        word
        for pair in (('--model', 'spinepose-tiny'), ('--det-model', 'whole_image'))
        for word in pair
        if pair[0] not in arguments and (pair[0] != '--det-model' or '--boxes' not in arguments)
    ]
    done = mim('run', 'spinepose_mm', 'infer', *usual, *arguments, data=tmp_path, cwd=tmp_path)
    assert done.returncode and problem in done.stdout


@pytest.mark.slow
def test_two_at_once(video, tmp_path):
    """The second says so, wherever the first is; the first leaves what it leaves alone."""
    command = [
        'run',
        'spinepose_mm',
        'infer',
        video,
        '--model',
        'spinepose-tiny',
        '--det-model',
        'whole_image',
        '--device',
        'cpu',
        '--out',
    ]
    formats = ['--formats', 'csv', 'openpose', 'report']
    alone = mim(*command, 'alone', *formats, data=tmp_path, cwd=tmp_path)
    assert alone.returncode == 0, alone.stdout[-1500:]
    first = subprocess.Popen(
        [*MIM, *map(str, command), 'both', *formats],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    progress = tmp_path / 'both/video.progress'
    while first.poll() is None and not (progress.is_file() and progress.read_bytes().count(b'\n') > 3):
        time.sleep(0.02)
    os.killpg(first.pid, signal.SIGSTOP)
    for arguments, held in (['both', *formats], 'video.csv'), (['both/other.csv'], 'video.progress'):
        second = mim(*command, *arguments, data=tmp_path, cwd=tmp_path)
        assert second.returncode != 0 and f'error: both/{held} is being written by another run' in second.stdout
    os.killpg(first.pid, signal.SIGCONT)
    assert first.wait(120) == 0
    assert contents(tmp_path / 'both') == contents(tmp_path / 'alone')
