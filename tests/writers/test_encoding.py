"""Videos as PyAV, which is no part of this package, reads them, and as a browser plays them."""

import subprocess
import sys
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, HTTPServer

import av
import cv2
import numpy as np
import pytest

from chromium import BROWSER, FLAGS
from spinepose_mm.writers import FORMATS, encoding
from spinepose_mm.writers.encoding import FfmpegEncoder, OpenCvEncoder, PyAvEncoder, encoder_for

RATE, SIZE = 30000 / 1001, (161, 119)
needs_ffmpeg = pytest.mark.skipif(not FfmpegEncoder.has_h264(), reason='there is no ffmpeg with x264 on the path')
H264 = [PyAvEncoder, pytest.param(FfmpegEncoder, marks=needs_ffmpeg)]


def encode(encoder, path, count=12, rate=RATE, times=None, size=SIZE):
    """Write a bright bar on blue that moves by 8 pixels a frame, and return the path."""
    video = encoder(path, rate, size)
    for i in range(count):
        image = np.full((size[1], size[0], 3), (200, 60, 30), np.uint8)
        image[:, 8 * i : 8 * i + 16] = (40, 220, 240)
        video.write(image, None if times is None else times[i])
    assert not path.exists()
    video.release()
    return path


def without(monkeypatch, *encoders):
    """Make as if these encoders had no H.264."""
    for encoder in encoders:
        monkeypatch.setattr(encoder, 'has_h264', staticmethod(lambda: False))


@pytest.mark.parametrize('encoder', H264)
@pytest.mark.parametrize('ending', ['.MP4', '.mov'])
def test_h264_in_the_form_that_browsers_play(tmp_path, encoder, ending):
    path = encode(encoder, tmp_path / f'a:b 50%{ending}')
    with av.open(f'file:{path}') as found:
        (stream,) = found.streams.video
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ('h264', 'yuv420p')
        assert (stream.width, stream.height) == (162, 120)
        assert stream.average_rate == Fraction(30000, 1001) and stream.frames == 12
        frames = list(found.decode(stream))
    assert [frame.time for frame in frames] == pytest.approx([i / RATE for i in range(12)])
    image = frames[5].to_ndarray(format='bgr24').astype(int)
    assert np.abs(image[:119, 100:160] - (200, 60, 30)).max() < 12  # the last column and row are copies
    assert np.abs(image[:, 161] - image[:, 160]).max() < 12 and np.abs(image[60, 48] - (40, 220, 240)).max() < 20
    data = path.read_bytes()
    assert 0 < data.index(b'moov') < data.index(b'mdat')  # it plays before it is loaded whole
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_frames_keep_their_times(tmp_path):
    times = np.array([5, 5.04, 5.08, 5.3, 5.31, 5.31, 5.5])  # of a phone, with a gap, and a time twice
    with av.open(str(encode(PyAvEncoder, tmp_path / 'a.mp4', 7, 25, times))) as found:
        seen = [frame.time for frame in found.decode(video=0)]
    expected = times - 5
    expected[5] += 0.0004  # a tick later
    assert seen == pytest.approx(expected, abs=3e-4) and (np.diff(seen) > 0).all()


@pytest.mark.parametrize(
    'encoder, ending',
    [(PyAvEncoder, '.mp4'), pytest.param(FfmpegEncoder, '.mp4', marks=needs_ffmpeg), (OpenCvEncoder, '.webm')],
)
def test_the_same_images_give_the_same_bytes(tmp_path, encoder, ending):
    first, second = (encode(encoder, tmp_path / f'{name}{ending}', 20, 25, size=(1282, 120)) for name in 'ab')
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    'lacks, expected',
    [([], PyAvEncoder), ([PyAvEncoder], FfmpegEncoder), ([PyAvEncoder, FfmpegEncoder], OpenCvEncoder)],
)
def test_the_first_that_has_h264_is_taken(monkeypatch, tmp_path, warnings, lacks, expected):
    without(monkeypatch, *lacks)
    if expected in (FfmpegEncoder, OpenCvEncoder):
        monkeypatch.setattr(expected, 'has_h264', staticmethod(lambda: True))
    assert encoder_for('x.MP4') is encoder_for('x.mov') is expected and warnings() == ''
    assert FORMATS['video'].place(tmp_path, 'squat') == tmp_path / 'squat_annotated.mp4'


def test_without_h264_a_folder_gets_webm_and_a_named_file_a_warning(monkeypatch, tmp_path, warnings):
    without(monkeypatch, PyAvEncoder, FfmpegEncoder, OpenCvEncoder)
    assert FORMATS['video'].place(tmp_path, 'squat') == tmp_path / 'squat_annotated.webm' and warnings() == ''
    path = encode(encoder_for(tmp_path / 'x.mp4'), tmp_path / 'x.mp4')
    with av.open(str(path)) as found:
        assert found.streams.video[0].codec_context.name == 'mpeg4'
    assert 'x.mp4: no H.264 can be written here' in warnings() and 'pip install av' in warnings()
    with av.open(str(encode(encoder_for('x.webm'), tmp_path / 'x.webm'))) as found:
        context = found.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ('vp8', 'yuv420p')


def test_pyav_and_ffmpeg_may_be_absent(monkeypatch):
    monkeypatch.setitem(sys.modules, 'av', None)
    monkeypatch.setenv('PATH', '')
    assert not PyAvEncoder.has_h264() and not FfmpegEncoder.has_h264()


@needs_ffmpeg
def test_errors_of_ffmpeg_are_passed_on_and_nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.setitem(encoding._X264, 'preset', 'none of its')
    video = FfmpegEncoder(tmp_path / 'x.mp4', 25, SIZE)
    with pytest.raises(OSError, match=r'x\.mp4 cannot be written: ffmpeg ended with \d+: '):
        for _ in range(500):
            video.write(np.zeros((SIZE[1], SIZE[0], 3), np.uint8))
    assert not list(tmp_path.iterdir())


PAGE = """<!doctype html><meta charset="utf-8"><video muted></video><script>
const video = document.querySelector('video');
const tell = what => new Image().src = `http://127.0.0.1:PORT/${[
    what, video.readyState, video.duration, video.videoWidth, video.videoHeight, video.error?.code].join('/')}`;
video.onerror = () => tell('error');
video.onended = () => tell('ended');
video.src = 'FILE';
video.play().catch(() => 0);
</script>"""


class Listener(BaseHTTPRequestHandler):
    """Keeps the path that is asked for, and ends the server."""

    def do_GET(self):
        self.server.reported = self.path
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def play(folder, name):
    """Return what a browser reports of a video that it plays: how it ended, readyState, seconds, size and error."""
    if BROWSER is None:
        pytest.skip('there is no Chromium: apt-get install chromium')
    with HTTPServer(('127.0.0.1', 0), Listener) as server:
        server.timeout, server.reported = 60, '/nothing came'
        (folder / 'page.html').write_text(PAGE.replace('FILE', name).replace('PORT', str(server.server_port)))
        browser = subprocess.Popen(
            [
                BROWSER,
                *FLAGS,
                '--autoplay-policy=no-user-gesture-required',
                f'--user-data-dir={folder}/browser',
                (folder / 'page.html').as_uri(),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            server.handle_request()
        finally:
            browser.terminate()
            browser.wait()
    return server.reported[1:].split('/')


@pytest.mark.slow
@pytest.mark.parametrize(
    'encoder, ending',
    [(PyAvEncoder, '.mp4'), pytest.param(FfmpegEncoder, '.mp4', marks=needs_ffmpeg), (OpenCvEncoder, '.webm')],
)
def test_a_browser_plays_it_to_its_end(tmp_path, encoder, ending):
    encode(encoder, tmp_path / f'a{ending}', 15)
    how, state, duration, width, height, *error = play(tmp_path, f'a{ending}')
    assert (how, width, height, error) == ('ended', '162', '120', [''])
    assert int(state) >= 2 and float(duration) == pytest.approx(15 / RATE, abs=0.04)


@pytest.mark.slow
def test_a_browser_does_not_play_mpeg_4_part_2(tmp_path):
    encode(OpenCvEncoder, tmp_path / 'a.mp4')
    assert cv2.VideoCapture(str(tmp_path / 'a.mp4')).read()[0]
    how, *_, error = play(tmp_path, 'a.mp4')
    assert (how, error) == ('error', '4')  # MEDIA_ERR_SRC_NOT_SUPPORTED
