import os
import socket

import pytest

from spinepose_mm.io.paths import check_regular, is_utf8, legible

NO_TEXT = os.fsdecode(b'caf\xe9.mp4')


def test_names():
    assert legible(NO_TEXT) == 'caf\\udce9.mp4' and legible('a\n\t\x1b[1m\u2028.mp4') == 'a\\n\\t\\x1b[1m\\u2028.mp4'
    assert legible('café \u202f1.mp4') == 'café \u202f1.mp4'
    assert is_utf8('café') and not is_utf8(NO_TEXT)


def test_what_is_no_regular_file(tmp_path):
    os.mkfifo(tmp_path / 'pipe')
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / 'socket'))
        for path, kind in ((tmp_path / 'pipe', 'a pipe'), (tmp_path / 'socket', 'a socket'), ('/dev/zero', 'a device')):
            with pytest.raises(ValueError, match=f'{path} is {kind}, where a regular file is expected'):
                check_regular(path)
    check_regular(__file__)
    check_regular(tmp_path)
    with pytest.raises(FileNotFoundError):
        check_regular(tmp_path / 'none')
