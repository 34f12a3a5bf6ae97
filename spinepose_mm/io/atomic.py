"""Results are written whole or not at all, and by one run at a time."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any

from mmengine.logging import print_log

from spinepose_mm.io.paths import StrPath

if TYPE_CHECKING:
    from filelock import BaseFileLock

#: What file systems answer that have no locks.
_NO_LOCKS = {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.EINVAL}

_PATIENCE = 0.2  # seconds, for a run that is just ending, and to remove the file of one that was killed
_TEXT: dict[str, Any] = dict(encoding='utf-8', errors='backslashreplace', newline='\n')


@contextmanager
def locked(path: StrPath, what: str | None = None, wait: bool = False) -> Iterator[None]:
    """Let no other run write a result meanwhile.

    The lock is a file beside the result, `<path>.lock`, which is removed at the end. If the process is killed, the file
    stays, but locks nothing: the operating system has released the lock. Where the file system has no locks, the mere
    existence of a file `<path>.softlock` is the lock. It names the process, and the next run on the same computer
    removes that of a process that has ended; one of another computer has to be removed by hand.

    The process that holds the lock of a result owns its `.part` files, and overwrites those of a run that was killed.

    Args:
        path: of the result; its folder is made where there is none.
        what: what an error calls it; the path by default.
        wait: whether to wait for the other run, rather than to raise an error.

    Raises:
        BlockingIOError: another run writes it.
        OSError: no file can be written there.
    """
    from filelock import Timeout  # here and below, since what only reads does without it

    try:
        lock = _acquire(path)
    except Timeout as error:
        held = f'{what or path} is being written by another run, which holds {error.lock_file}'
        if not wait:
            raise BlockingIOError(f'{held}: wait until that is done, or choose another place') from None
        print_log(f'{held}: waiting until that is done', 'current', logging.WARNING)
        lock = _acquire(path, -1)
    try:
        yield
    finally:
        # While it is still held: a process that has opened it sees that its name is gone, and opens a new one.
        with suppress(OSError):
            os.unlink(lock.lock_file)
        lock.release()


def _acquire(path: StrPath, timeout: float = _PATIENCE) -> BaseFileLock:
    """Return a lock that is held, by the operating system, or else by the mere existence of its file."""
    from filelock import FileLock, SoftFileLock

    try:
        lock = FileLock(f'{path}.lock', thread_local=False)
        lock.acquire(timeout=timeout)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        with suppress(OSError):
            os.unlink(f'{path}.lock')  # it means nothing there; hence the other name
        lock = SoftFileLock(f'{path}.softlock', thread_local=False)
        lock.acquire(timeout=timeout)
    return lock


@contextmanager
def replacing_path(path: StrPath, part: StrPath | None = None) -> Iterator[StrPath]:
    """Give the path of a file to write beside a place; at the end it takes the place, and where something fails it is
    removed.

    Args:
        path: of the file.
        part: path of the file until then, on the same file system; `<path>.part` by default, which is for the process
            that holds the lock of the result.

    Raises:
        OSError: it cannot be written; what was in the place before is still there.
    """
    if os.path.isdir(path):
        raise IsADirectoryError(f'{path} is a folder, where a file is to be written')
    part = part or f'{path}.part'
    try:
        yield part
        os.replace(part, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(part)
        raise


@contextmanager
def replacing(path: StrPath, mode: str = 'w', part: StrPath | None = None) -> Iterator[IO[Any]]:
    """Open a file for `replacing_path`, which has `path`, `part` and the errors.

    Args:
        mode: 'w' for text in UTF-8, with escapes for bytes of file names that are not, or 'wb'.
    """
    with replacing_path(path, part) as beside, open(beside, mode, **({} if 'b' in mode else _TEXT)) as file:
        yield file
