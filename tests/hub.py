"""A server on this machine that behaves as a hub of models and data sets does."""

import hashlib
import http.server
import threading
from pathlib import Path

from spinepose_mm.zoo import downloads

CONTENT = bytes(range(256)) * 4000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def put_into_cache(url, home, save):
    """Put a file into torch's cache below `home` like a download from a URL; `save` writes it to a path."""
    path = downloads.cached(url, Path(home, 'hub/checkpoints'))
    path.parent.mkdir(parents=True)
    save(path)
    downloads.record(path, hashlib.sha256(path.read_bytes()).hexdigest())
    return path


class Handler(http.server.BaseHTTPRequestHandler):
    """A server of `files` or CONTENT that takes ranges, and breaks off a given number of times."""

    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get('Range')))
        name = self.path.rsplit('/', 1)[1]
        content = self.server.files.get(name, CONTENT)
        if self.path.startswith('/endless/'):  # no length is stated
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content)
            self.close_connection = True
            return
        # As hubs do: size and hash stand in the answer that leads on.
        if self.path.startswith('/hub/'):
            self.send_response(302)
            stated = self.server.stated or hashlib.sha256(content).hexdigest()
            self.send_header('X-Linked-Etag', f'"{stated}"')
            self.send_header('X-Linked-Size', str(self.server.size or len(content)))
            self.send_header('Location', '/files' + self.path)
            self.send_header('Content-Length', '0')
            self.end_headers()
            return
        start = int((self.headers.get('Range') or 'bytes=0-')[6:-1]) if self.server.ranges else 0
        if start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header('Content-Length', str(len(content) - start))
        self.end_headers()
        end = len(content)
        if self.server.breaks and start + self.server.after < end:
            self.server.breaks -= 1
            end, self.close_connection = start + self.server.after, True
        self.wfile.write(content[start:end])

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    """The server, while it is used in a `with`.

    Attributes:
        url: its address; below /hub/ it states what it has, below /endless/ not even the length.
        files: {last part of an address: bytes}, CONTENT for all others.
        asked: (path, range) of each request.
        stated, size: what it states of a file instead of the facts.
        breaks, after: how often it breaks off, after so many bytes.
        ranges: whether it takes ranges.
    """

    def __init__(self):
        super().__init__(('127.0.0.1', 0), Handler)
        self.files, self.asked, self.stated, self.size = {}, [], '', None
        self.breaks, self.after, self.ranges = 0, 300_000, True
        self.url = f'http://127.0.0.1:{self.server_port}'

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *args):
        self.shutdown()
        super().__exit__(*args)
