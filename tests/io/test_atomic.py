"""Locks and whole files, with real processes, kills and a full device."""

import errno
import fcntl
import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from spinepose_mm.io.atomic import locked, replacing, replacing_path

PROCESSES = multiprocessing.get_context('fork')  # of this module alone, in milliseconds


@pytest.fixture(params=['locks of the system', 'no locks'])
def path(request, tmp_path, monkeypatch):
    """Path of a result, on a file system that has locks, and on one that answers as those without do."""
    if request.param == 'no locks':

        def flock(*args):
            raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

        monkeypatch.setattr(fcntl, 'flock', flock)
    return tmp_path / 'video.csv'


def hold(path, held, seconds):
    with locked(path):
        held.set()
        time.sleep(seconds)


@pytest.fixture
def elsewhere(path):
    """Start a process that holds the lock for some seconds, and return it when it does."""
    started = []

    def start(seconds):
        held = PROCESSES.Event()
        started.append(PROCESSES.Process(target=hold, args=(path, held, seconds)))
        started[-1].start()
        assert held.wait(10)
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.join()


def test_one_run_at_a_time_also_after_a_kill(path, elsewhere):
    other = elsewhere(60)
    with pytest.raises(
        BlockingIOError,
        match=r'video\.csv is being written by another run, which holds '
        r'.*video\.csv\.(soft)?lock',
    ):
        with locked(path):
            pass
    with locked(path.with_name('video2.csv')):
        pass
    os.kill(other.pid, signal.SIGKILL)
    other.join()
    assert [name.replace('soft', '') for name in os.listdir(path.parent)] == ['video.csv.lock']
    with (
        locked(path),
        pytest.raises(BlockingIOError, match='the work folder is being written'),
        locked(path, 'the work folder'),
    ):
        pass
    assert not os.listdir(path.parent)


def test_waiting(path, elsewhere, warnings):
    other, done = elsewhere(60), threading.Event()

    def wait():
        with locked(path, wait=True):
            done.set()

    waiting, end = threading.Thread(target=wait, daemon=True), time.monotonic() + 10
    waiting.start()
    while 'lock: waiting until that is done' not in warnings() and time.monotonic() < end:
        time.sleep(0.02)
    assert time.monotonic() < end and not done.is_set()
    other.kill()
    other.join()
    waiting.join(10)
    assert done.is_set() and not os.listdir(path.parent)


def test_a_folder_that_cannot_be_written_to(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(OSError, match='file'), locked(tmp_path / 'file' / 'video.csv'):
        pass


@pytest.mark.parametrize('mode, content', [('w', 'a\udcff\n'), ('wb', b'\xff')])
def test_whole_or_not_at_all(tmp_path, mode, content):
    """On a full disk, what was there before stays, and nothing is beside it."""
    path = tmp_path / 'a'
    with replacing(path, mode) as file:
        file.write(content)
    before = path.read_bytes()
    assert before == (b'a\\udcff\n' if mode == 'w' else content)
    for part in (None, tmp_path / 'own.part'):
        (part or tmp_path / 'a.part').symlink_to('/dev/full')
        with pytest.raises(OSError, match='No space left'), replacing(path, mode, part) as file:
            file.write(content)
        assert path.read_bytes() == before and os.listdir(tmp_path) == ['a']


def test_a_file_that_is_written_by_its_name(tmp_path):
    path = tmp_path / 'a'
    with replacing_path(path) as part:
        Path(part).write_text('old')
        assert os.listdir(tmp_path) == ['a.part']
    with pytest.raises(ValueError, match='broken'), replacing_path(path) as part:
        Path(part).write_text('new')
        raise ValueError('broken')
    assert path.read_text() == 'old' and os.listdir(tmp_path) == ['a']
    with pytest.raises(IsADirectoryError), replacing_path(tmp_path):
        pass
