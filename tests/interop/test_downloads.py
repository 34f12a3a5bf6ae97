import hashlib
import http.server
import threading

import pytest

from spinepose_mm.interop import downloads
from spinepose_mm.interop.aliases import find_config

CONTENT = bytes(range(256)) * 4000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """A server of CONTENT that takes ranges, and breaks off as often as it is told."""
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get('Range')))
        if self.path.startswith('/hub/'):  # as hubs do: the hash stands in the answer that leads on
            self.send_response(302)
            self.send_header('X-Linked-Etag', f'"{self.server.stated}"')
            self.send_header('Location', '/files' + self.path)
            self.send_header('Content-Length', '0')
            self.end_headers()
            return
        start = int((self.headers.get('Range') or 'bytes=0-')[6:-1]) if self.server.ranges else 0
        if start >= len(CONTENT):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header('Content-Length', str(len(CONTENT) - start))
        self.end_headers()
        end = len(CONTENT)
        if self.server.breaks:
            self.server.breaks -= 1
            end, self.close_connection = start + 300_000, True
        self.wfile.write(CONTENT[start:end])

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler) as server:
        server.asked, server.stated, server.breaks, server.ranges = [], SHA256, 0, True
        server.url = f'http://127.0.0.1:{server.server_port}'
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_is_fetched_once(server, tmp_path):
    path = downloads.fetch(f'{server.url}/hub/a.pth', tmp_path / 'new')
    assert path == tmp_path / 'new/a.pth' and path.read_bytes() == CONTENT
    asked = len(server.asked)
    assert downloads.fetch(f'{server.url}/hub/a.pth', tmp_path / 'new') == path and len(server.asked) == asked
    assert [entry.name for entry in path.parent.iterdir()] == ['a.pth']


@pytest.mark.parametrize('ranges', [True, False])
def test_a_line_that_breaks(server, tmp_path, ranges):
    """Twice it goes on at once; after a third time on the next run, from where it was."""
    server.ranges, server.breaks = ranges, 2
    assert downloads.fetch(f'{server.url}/hub/a.pth', tmp_path).read_bytes() == CONTENT
    server.breaks = 3
    with pytest.raises(ConnectionError, match=r'b\.pth could not be downloaded .*save it as .*b\.pth'):
        downloads.fetch(f'{server.url}/hub/b.pth', tmp_path)
    kept = (tmp_path / 'b.pth.part').stat().st_size
    assert kept == 4 * 65536 * (3 if ranges else 1)  # in whole chunks
    assert downloads.fetch(f'{server.url}/hub/b.pth', tmp_path).read_bytes() == CONTENT
    assert server.asked[-1][1] == f'bytes={kept}-'


def test_a_part_that_is_whole(server, tmp_path):
    (tmp_path / 'a.pth.part').write_bytes(CONTENT)
    assert downloads.fetch(f'{server.url}/hub/a.pth', tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize('name', [f'hub/{"0" * 8}.pth', f'a-{SHA256[:7]}{"0" if SHA256[7] != "0" else "1"}.pth',
                                  f'a-{SHA256[1:9]}_20230605.pth'])
def test_what_was_not_published_is_refused(server, tmp_path, name):
    server.stated = SHA256[::-1]
    with pytest.raises(ConnectionError, match=f'is not what was published: its SHA-256 is {SHA256}'):
        downloads.fetch(f'{server.url}/{name}', tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('name', [f'a-{SHA256[:8]}.pth', f'a-{SHA256[:8]}_20230605.pth', 'a.pth', 'a-256x192.pth'])
def test_hashes_in_names(server, tmp_path, name):
    assert downloads.fetch(f'{server.url}/{name}', tmp_path).read_bytes() == CONTENT


def test_a_part_of_another_file_is_refused_and_forgotten(server, tmp_path):
    (tmp_path / 'a.pth.part').write_bytes(b'x' * 1000)
    with pytest.raises(ConnectionError, match='is not what was published'):
        downloads.fetch(f'{server.url}/hub/a.pth', tmp_path)
    assert downloads.fetch(f'{server.url}/hub/a.pth', tmp_path).read_bytes() == CONTENT


def test_the_licence_is_told_offline_too(tmp_path, warnings):
    url = find_config('spinepose-m')[1]
    (tmp_path / url.rsplit('/', 1)[1]).write_bytes(b'kept')
    assert downloads.fetch(url, tmp_path).read_bytes() == b'kept'
    assert 'the weights of spinepose_v2_medium are under CC-BY-NC-4.0: not for commercial use' in warnings()
