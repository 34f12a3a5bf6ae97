import resource

import cv2
import numpy as np
import pytest

from result_video import CAMERA, RATE, make_video, write
from spinepose_mm import skeleton
from spinepose_mm.structures.frame import Frame, no_people
from spinepose_mm.visualization.drawing import draw_people
from spinepose_mm.writers.encoding import CODECS
from spinepose_mm.writers.images import ImagesWriter, VideoWriter

SPINE = np.array(skeleton.KEYPOINTS[skeleton.ROOT].color)[::-1]
GREY = np.full((480, 640, 3), 90, np.uint8)


def video(coordinates=None):
    """Return the frames of a video of two people on grey."""
    frames = make_video(coordinates)
    for frame in frames:
        frame.image = GREY.copy()
    return frames


def images(*names):
    """Return frames that are images of these names, of the people in a video."""
    return [
        Frame(i, np.nan, name, frame.image, frame.people) for i, (name, frame) in enumerate(zip(names, video()[3:]))
    ]


def read(path):
    """Return the frames of a video, and its frame rate."""
    capture, frames = cv2.VideoCapture(str(path)), []
    rate = capture.get(cv2.CAP_PROP_FPS)
    while (found := capture.read())[0]:
        frames.append(found[1])
    return frames, rate


def is_spine(image, at):
    """Return whether the colour of the spine is at most a pixel from places, (N, 2)."""
    return [
        bool((np.abs(image[y - 1 : y + 2, x - 1 : x + 2].astype(int) - SPINE) < 90).all(-1).any())
        for x, y in np.round(at).astype(int)
    ]


@pytest.mark.parametrize('ending', CODECS)
def test_a_video_has_its_frames_rate_size_and_people(tmp_path, ending):
    frames = video()
    found, rate = read(write(VideoWriter, tmp_path / f'out{ending}', frames))
    assert len(found) == 8 and rate == RATE and all(frame.shape == (480, 640, 3) for frame in found)
    assert np.abs(found[0].astype(int) - GREY).max() < 20  # no people
    spine = list(skeleton.SUBSETS['spine'])
    for frame, image in zip(frames[1:], found[1:]):
        assert all(is_spine(image, frame.people.keypoints[0, spine]))
    assert [path.name for path in tmp_path.iterdir()] == [f'out{ending}']


def test_lifted_people_are_drawn_beside(tmp_path):
    found, _ = read(write(VideoWriter, tmp_path / 'out.avi', video('world'), coordinates='world'))
    assert all(frame.shape == (480, 640 + 2 * 480, 3) for frame in found)
    assert (np.abs(found[3][:, 640:].astype(int) - SPINE) < 60).all(-1).sum() > 100


@pytest.mark.parametrize('ending', ['.mp4', '.avi', '.webm'])
def test_the_same_frames_give_the_same_bytes_in_the_place_of_an_old_video(tmp_path, ending):
    first, second = (
        write(VideoWriter, tmp_path / f'{name}{ending}', video()[:count]) for name, count in (('a', 8), ('b', 3))
    )
    assert write(VideoWriter, second, video()).read_bytes() == first.read_bytes()


@pytest.mark.parametrize('rate', [30000 / 1001, 23.976, 99.123, 239.1234, 600, 0.5])
def test_frame_rates_of_cameras(tmp_path, rate):
    frames = [Frame(i, i / rate, 'video.mp4', GREY, no_people()) for i in range(8)]
    _, found = read(write(VideoWriter, tmp_path / 'out.mp4', frames, rate))
    assert found == pytest.approx(rate, rel=1e-4)


def test_an_interrupted_video_is_whole_till_there_and_has_its_place_at_the_end(tmp_path):
    writer = VideoWriter(tmp_path / 'out.mp4', RATE)
    for frame in video()[:5]:
        writer.write(frame)
        assert not (tmp_path / 'out.mp4').exists()
    writer.close()
    writer.close()
    assert len(read(tmp_path / 'out.mp4')[0]) == 5


def test_a_video_of_no_frame_leaves_no_file_and_an_old_one_as_it_was(tmp_path):
    (tmp_path / 'old.mp4').write_text('old')
    for name in ('old.mp4', 'new.mp4'):
        write(VideoWriter, tmp_path / name, [])
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [('old.mp4', 'old')]


def test_a_frame_of_another_size_is_fitted_in(tmp_path):
    frames = video()[:1]
    frames += [
        Frame(i, i / RATE, 'video.mp4', np.full((*size, 3), 200, np.uint8), no_people())
        for i, size in enumerate([(480, 320), (960, 1280), (100, 1), (7, 2000)], 1)
    ]
    found = read(write(VideoWriter, tmp_path / 'out.avi', frames))[0]
    assert [frame.shape for frame in found] == [(480, 640, 3)] * 5
    tall, large, _, flat = found[1:]
    assert (tall[:, :150] < 20).all() and (tall[:, 490:] < 20).all() and (tall[:, 170:470] > 180).all()
    assert (large > 180).all()
    assert (flat[:230] < 20).all() and (flat[240] > 150).all()


@pytest.mark.parametrize(
    'path, rate, message',
    [
        ('out.gif', 25.0, r'out\.gif: a video\'s file ends in \.mp4, \.mov, \.avi, \.webm'),
        ('out', 25.0, 'ends in'),
        ('out.mp4', None, r'out\.mp4: a video has a frame rate over 0, not None'),
        ('out.mp4', 0, 'not 0'),
    ],
)
def test_what_is_no_video(tmp_path, path, rate, message):
    with pytest.raises(ValueError, match=message):
        VideoWriter(tmp_path / path, rate)


def test_a_video_that_cannot_be_opened(tmp_path):
    (tmp_path / 'folder.mp4').mkdir()
    with pytest.raises(IsADirectoryError, match=r'folder\.mp4 is a folder'):
        VideoWriter(tmp_path / 'folder.mp4', 25.0)
    long = Frame(0, 0.0, 'video.mp4', np.zeros((2, 70_000, 3), np.uint8), no_people())  # no codec takes it
    for name, why in ('out.mp4', ''), ('out.webm', 'OpenCV opened it with none of VP80'):
        with pytest.raises(OSError, match=rf'{name} cannot be written in 70000x2 at 25 frames a second: {why}'):
            write(VideoWriter, tmp_path / name, [long])
    assert [path.name for path in tmp_path.iterdir()] == ['folder.mp4']


@pytest.fixture
def full_disk():
    """No file gets larger than 200 kB."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize('ending', CODECS)
def test_a_full_disk_is_an_error_and_leaves_nothing(tmp_path, ending, full_disk):
    rng = np.random.default_rng(0)
    frames = [
        Frame(i, i / RATE, 'video.mp4', rng.integers(0, 255, (240, 320, 3), dtype=np.uint8), no_people())
        for i in range(40)
    ]
    with pytest.raises(OSError, match=rf'out\{ending} cannot be written: .*(File too large|disk full)'):
        write(VideoWriter, tmp_path / f'out{ending}', frames)
    assert not list(tmp_path.iterdir())


def test_the_codecs_that_opencv_lacks_are_not_talked_of(tmp_path, capfd):
    write(VideoWriter, tmp_path / 'out.mp4', video())
    assert capfd.readouterr().err == ''


def test_the_input_is_not_written_over(tmp_path):
    path = write(VideoWriter, tmp_path / 'video.mp4', video())
    before = path.read_bytes()
    frame = video()[0]
    frame.path = str(path)
    with pytest.raises(ValueError, match=r'video\.mp4 is the input itself'):
        write(VideoWriter, path, [frame])
    assert path.read_bytes() == before


def test_images_have_their_names_and_people(tmp_path):
    frames = images('in/a.jpg', 'in/b.png', 'in/c.tiff', 'in/d.JPEG')
    folder = write(ImagesWriter, tmp_path / 'out', frames, None)
    assert sorted(path.name for path in folder.iterdir()) == ['a.jpg', 'b.png', 'c.jpg', 'd.jpg']
    np.testing.assert_array_equal(cv2.imread(str(folder / 'b.png')), draw_people(GREY, frames[1].people))
    for frame, name in zip(frames, ('a.jpg', 'b.png', 'c.jpg', 'd.jpg')):
        spine = frame.people.keypoints[0, list(skeleton.SUBSETS['spine'])]
        assert all(is_spine(cv2.imread(str(folder / name)), spine))


def test_options_of_drawing(tmp_path):
    frames = images('a.png')
    plain, spine, sure = (
        write(ImagesWriter, tmp_path / str(i), frames, None, **options) / 'a.png'
        for i, options in enumerate([{}, dict(spine_only=True), dict(min_confidence=1.1)])
    )
    drawn = [(cv2.imread(str(path)) != 90).any(-1) for path in (plain, spine, sure)]
    inside = np.round(frames[0].people.keypoints[0, skeleton.index('left_knee')]).astype(int)
    assert [bool(image[inside[1], inside[0]]) for image in drawn] == [True, False, False]
    assert drawn[0].sum() > drawn[1].sum() > drawn[2].sum()


def test_frames_of_a_video_as_images(tmp_path):
    folder = write(ImagesWriter, tmp_path / 'out', video('world'), coordinates='world')
    assert sorted(path.name for path in folder.iterdir()) == [f'side view_{i:06d}.jpg' for i in range(8)]
    assert cv2.imread(str(folder / 'side view_000003.jpg')).shape == (480, 640 + 2 * 480, 3)


def test_no_image_is_written_over(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.jpg'), GREY)
    before = (tmp_path / 'a.jpg').read_bytes()
    with pytest.raises(ValueError, match=r'is the folder of a\.jpg itself'):
        write(ImagesWriter, tmp_path, images(str(tmp_path / 'a.jpg')), None)
    assert (tmp_path / 'a.jpg').read_bytes() == before
    with pytest.raises(ValueError, match=r'y/a\.bmp: .*a\.jpg was written for another image of that name'):
        write(ImagesWriter, tmp_path / 'out', images('x/a.jpg', 'y/a.bmp'), None)


def test_the_camera_of_the_test_sees_its_people():
    assert all((frame.people.keypoints > 0).all() and (frame.people.keypoints < CAMERA.size).all() for frame in video())
