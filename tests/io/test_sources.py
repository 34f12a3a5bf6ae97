import functools
import http.server
import os
import struct
import threading

import cv2
import numpy as np
import pytest
from PIL import Image

import builders
from spinepose_mm.io import image as image_file
from spinepose_mm.io.sources import Images, Video, open_source

RATE = 15


def write_video(path, frames=100, ending='mp4v'):
    """Write a video whose frames can be told apart by their brightness, twice their number, and a square that moves."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*ending), RATE, (160, 120))
    for i in range(frames):
        image = np.full((120, 160, 3), 2 * i, np.uint8)
        cv2.rectangle(image, (i, 20), (i + 30, 80), (0, 0, 255), -1)
        writer.write(image)
    writer.release()
    return path


def numbers(frames):
    """Return the frames' numbers as their corners' brightness tells them."""
    return [round(float(frame.image[:10, -10:].mean()) / 2) for frame in frames]


def test_a_video(tmp_path):
    source = open_source(write_video(tmp_path / 'squat.mp4', 30))
    assert (type(source), source.name, source.is_video, source.length, len(source)) == (Video, 'squat', True, 30, 30)
    assert source.frame_rate == pytest.approx(RATE)
    for _ in range(2):  # it can be read again
        frames = list(source)
        assert [frame.index for frame in frames] == list(range(30))
        np.testing.assert_allclose(numbers(frames), range(30), atol=3)
        np.testing.assert_allclose([frame.time for frame in frames], np.arange(30) / RATE, atol=1e-6)
        assert frames[0].image.shape == (120, 160, 3) and frames[0].path == str(tmp_path / 'squat.mp4')
    assert open_source(source) is source
    slow = open_source(tmp_path / 'squat.mp4', frame_rate=240)  # taken at 240, and played at 15
    np.testing.assert_allclose([frame.time for frame in slow], np.arange(30) / 240, atol=1e-6)


def test_a_broken_frame_in_the_middle_is_counted_and_the_rest_read(tmp_path, warnings):
    path = write_video(tmp_path / 'a.mp4')
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle - 200 : middle + 200] = bytes(400)
    path.write_bytes(content)
    source = open_source(str(path))
    frames = list(source)
    assert f'a.mp4: {source.skipped} frames could not be read and were left out' in warnings()
    assert source.skipped > 0 and len(frames) + source.skipped == 100 and frames[-1].index == 99
    np.testing.assert_allclose(numbers(frames), [frame.index for frame in frames], atol=3)  # the rest keeps its number
    np.testing.assert_allclose([frame.time for frame in frames], [frame.index / RATE for frame in frames], atol=1e-6)


def test_a_video_that_ends_early(tmp_path, warnings):
    path = write_video(tmp_path / 'a.avi', ending='MJPG')
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    count = len(list(open_source(path)))
    assert 20 < count < 80 and f'a.avi: 100 frames are said to be in it, and {count} are' in warnings()


def test_a_phones_video_is_turned_upright(tmp_path):
    """A video that is stored sideways says so in its track header."""
    path = write_video(tmp_path / 'a.mp4', 5)
    content = path.read_bytes()
    identity = struct.pack('>9i', 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    quarter = struct.pack('>9i', 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    at = content.index(identity, content.index(b'tkhd'))
    path.write_bytes(content[:at] + quarter + content[at + 36 :])
    assert next(iter(open_source(path))).image.shape == (160, 120, 3)


@pytest.mark.parametrize('content', [b'', b'no video at all'])
def test_what_is_no_video(tmp_path, content):
    path = tmp_path / 'a.mp4'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r'a\.mp4 cannot be opened as a video'):
        open_source(path)


def test_a_stream(tmp_path):
    """As long as it lasts, and without an end that would be known before."""
    write_video(tmp_path / 'a.mp4', 20)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        source = open_source(f'http://127.0.0.1:{server.server_port}/a.mp4')
        frames = list(source)
        server.shutdown()
    assert source.is_video and source.length is None and source.identity is None
    np.testing.assert_allclose(numbers(frames), range(20), atol=3)
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(20) / RATE, atol=1e-6)


def test_inputs_that_are_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match='none.mp4 does not exist'):
        open_source(tmp_path / 'none.mp4')
    with pytest.raises(ValueError, match='has no images in it'):
        open_source(tmp_path)
    with pytest.raises(ValueError, match=r'no image is named like .*\*\.png'):
        open_source(str(tmp_path / '*.png'))
    with pytest.raises(ValueError, match='webcam:77 cannot be opened as a video'):
        open_source('webcam:77')
    with pytest.raises(ValueError, match='rtsp://127.0.0.1:9/a cannot be opened as a video'):
        open_source('rtsp://127.0.0.1:9/a')


def image(value=0, size=(8, 6)):
    return np.full((size[1], size[0], 3), value, np.uint8)


def test_a_folder_and_a_pattern_in_the_order_of_their_numbers(tmp_path):
    for number in (10, 9, 1):
        cv2.imwrite(str(tmp_path / f'a{number}.png'), image(number))
    (tmp_path / 'notes.txt').write_text('no image')
    for given in (tmp_path, str(tmp_path / 'a*.png')):
        source = open_source(given)
        frames = list(source)
        assert [int(frame.image[0, 0, 0]) for frame in frames] == [1, 9, 10]
        assert not source.is_video and source.frame_rate is None and np.isnan(frames[0].time)
        assert source.name == tmp_path.name
    video = open_source(tmp_path, frame_rate=25)
    assert video.is_video and [frame.time for frame in video] == [0, 0.04, 0.08]


def test_an_image_is_decoded_once_and_can_be_read_again(tmp_path, monkeypatch):
    decoded, stock = [], image_file.decode
    monkeypatch.setattr(image_file, 'decode', lambda *args: decoded.append(1) or stock(*args))
    path = builders.write_image(tmp_path / 'a.jpg')
    source = open_source(path)
    assert not decoded
    for count in (1, 2):
        (frame,) = source
        np.testing.assert_array_equal(frame.image, cv2.imread(str(path)))
        assert len(decoded) == count


def test_a_video_that_is_not_read_to_its_end_is_closed(tmp_path, monkeypatch):
    opened, stock = [], cv2.VideoCapture
    source = open_source(write_video(tmp_path / 'a.mp4', 30))
    monkeypatch.setattr(cv2, 'VideoCapture', lambda path: opened.append(stock(path)) or opened[-1])
    frames = iter(source)
    assert next(frames).index == 0 and opened[0].isOpened()
    frames.close()
    assert not opened[0].isOpened()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith('prefetch')]


def test_what_is_not_read_from_files_stays_in_its_thread(tmp_path):
    made = []

    def images():
        made.append(threading.current_thread())
        yield image()

    assert len(list(open_source(images()))) == 1 and made == [threading.main_thread()]
    assert open_source(write_video(tmp_path / 'a.mp4', 3)).prefetches and not open_source([image()] * 2).prefetches


def test_kinds_of_images(tmp_path):
    red = image() + np.array([0, 0, 200], np.uint8)
    cv2.imwrite(str(tmp_path / '1.png'), red[..., 2])  # grey
    cv2.imwrite(str(tmp_path / '2.png'), np.dstack([red, np.full((6, 8), 255, np.uint8)]))  # with alpha
    cv2.imwrite(str(tmp_path / '3.png'), red.astype(np.uint16) * 257)  # 16 bits
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    Image.fromarray(red[..., ::-1]).save(tmp_path / '4.jpg', exif=exif, quality=100, subsampling=0)
    grey, alpha, deep, turned = (frame.image for frame in open_source(tmp_path))
    assert (grey == 200).all() and grey.shape == (6, 8, 3)
    for read in (alpha, deep):
        np.testing.assert_array_equal(read, red)
    assert turned.shape == (8, 6, 3) and np.abs(turned.astype(int) - [0, 0, 200]).max() < 10


def test_arrays_in_both_orders():
    red = image() + np.array([0, 0, 200], np.uint8)
    for given, order in ((red, 'bgr'), (red[..., ::-1], 'rgb')):
        for inputs in (given, [given], np.stack([given]), iter([given])):
            (frame,) = open_source(inputs, channel_order=order)
            np.testing.assert_array_equal(frame.image, red)
    alpha = np.dstack([red[..., ::-1], image()[..., 0]])
    np.testing.assert_array_equal(next(iter(open_source(alpha, channel_order='rgb'))).image, red)
    np.testing.assert_array_equal(next(iter(open_source(red[..., 2]))).image, image(200))
    with pytest.raises(ValueError, match=r'image 0 is float64 of shape \(6, 8, 3\), where uint8'):
        list(open_source(red / 255))
    with pytest.raises(ValueError, match="channel_order is 'bgr' or 'rgb', not 'gbr'"):
        open_source([red], channel_order='gbr')
    with pytest.raises(ValueError, match='frame_rate is in frames a second, and over 0, not 0'):
        open_source([red], frame_rate=0)


def test_broken_images_are_left_out_with_a_warning(tmp_path, warnings):
    for number in range(3):
        cv2.imwrite(str(tmp_path / f'{number}.jpg'), image(number * 50))
    (tmp_path / '1.jpg').write_bytes(b'')
    source = open_source(tmp_path)
    assert [frame.index for frame in source] == [0, 2] and source.skipped == 1
    assert '1.jpg is not an image' in warnings() and '1 images could not be read and were left out' in warnings()
    (tmp_path / '0.jpg').write_bytes(b'no image')
    with pytest.raises(ValueError, match=r'0\.jpg is not an image'):
        open_source(tmp_path / '0.jpg')
    os.remove(tmp_path / '2.jpg')
    with pytest.raises(ValueError, match='holds nothing that can be read'):
        list(open_source(tmp_path))


def test_identity_tells_inputs_apart(tmp_path):
    path = write_video(tmp_path / 'a.mp4', 5)
    before = open_source(path).identity
    assert before == open_source(path).identity
    write_video(path, 7)
    assert before != open_source(path).identity
    assert Images(['a.png']).identity != Images(['b.png']).identity and Images([image()]).identity is None


def test_an_image_of_absurd_size_is_left_out(tmp_path):
    good, huge = tmp_path / '1.jpg', tmp_path / '2.jpg'
    data = bytearray(builders.write_image(good).read_bytes())
    frame = data.index(b'\xff\xc0')
    data[frame + 5 : frame + 9] = (60000).to_bytes(2, 'big') * 2
    huge.write_bytes(data)
    source = open_source([str(good), str(huge), str(good)])
    assert [found.index for found in source] == [0, 2] and source.skipped == 1
    with pytest.raises(ValueError, match='2.jpg has 60000x60000 pixels'):
        open_source(huge)


def test_cameras_are_not_read_ahead(monkeypatch, tmp_path):
    path = write_video(tmp_path / 'a.mp4', 3)
    assert open_source(path).prefetches
    stock = cv2.VideoCapture
    monkeypatch.setattr(cv2, 'VideoCapture', lambda number: stock(str(path)))
    assert not open_source('webcam:0').prefetches


@pytest.mark.parametrize('name', ['a.jpg', 'a.mp4'])
def test_pipes_are_refused(tmp_path, name):
    """Whoever opens one for reading waits until another writes."""
    os.mkfifo(tmp_path / name)
    with pytest.raises(ValueError, match=f'{name} is a pipe, where a regular file is expected'):
        open_source(tmp_path / name)
    cv2.imwrite(str(tmp_path / 'b.png'), image())
    assert len(list(open_source(tmp_path))) == 1  # in a folder, one is left out


def test_large_frames_and_images_are_refused_unless_they_are_allowed(tmp_path, warnings):
    video, image = write_video(tmp_path / 'a.mp4', 2), builders.write_image(tmp_path / 'a.png')
    for path in (video, image, str(tmp_path / '*.png'), [str(image)]):
        with pytest.raises(ValueError, match='megapixels|nothing that can be read'):
            list(open_source(path, max_megapixels=0.01))
        assert list(open_source(path, max_megapixels=0.02))
    assert 'a.png has 0.012 megapixels, and at most 0.01 are decoded' in warnings()
    with pytest.raises(ValueError, match='max_megapixels is over 0, not nan'):
        open_source(image, max_megapixels=float('nan'))
