"""Names and kinds of the files that a user names."""

import os
import re
import stat

StrPath = str | os.PathLike[str]  # a path, as functions take it

_NO_TEXT = re.compile(r'[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]')


def check_regular(path: StrPath) -> None:
    """Raise an error where a path is neither of a regular file nor of a folder: reading a pipe may never end.

    Raises:
        FileNotFoundError: there is nothing of that name.
        ValueError: it is a pipe, a socket or a device.
    """
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        kind = 'a pipe' if stat.S_ISFIFO(mode) else 'a socket' if stat.S_ISSOCK(mode) else 'a device'
        raise ValueError(f'{legible(path)} is {kind}, where a regular file is expected')


def legible(path: StrPath) -> str:
    r"""Return a path as text on one line: control characters, line breaks and bytes that are not UTF-8 are escaped.

    >>> legible('squat\n1.mp4')
    'squat\\n1.mp4'
    """
    return _NO_TEXT.sub(lambda found: found[0].encode('unicode_escape').decode(), os.fspath(path))


def is_utf8(path: StrPath) -> bool:
    """Return whether a path's bytes are text in UTF-8. OpenCV ends the process at any other one."""
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError:
        return False
    return True
