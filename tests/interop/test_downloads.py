from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from hub import CONTENT, SHA256, Server
from spinepose_mm.interop import downloads
from spinepose_mm.interop.aliases import find_config


@pytest.fixture
def server():
    with Server() as server:
        yield server


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


def test_another_size_than_stated_is_refused(server, tmp_path):
    server.size = 99
    with pytest.raises(ConnectionError, match=r'is not what was published: it has 1024000 bytes, where 99 are expected'):
        downloads.fetch(f'{server.url}/hub/a.pth', tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('name, compared', [
    ('hub/a.pth', 'its size and its SHA-256'), (f'a-{SHA256[:8]}.pth', 'its SHA-256'),
    ('a.pth', 'nothing, since nothing is stated')])
def test_what_was_compared_is_told(server, tmp_path, name, compared, monkeypatch):
    told = []
    monkeypatch.setattr(downloads, 'print_log', lambda text, *args: told.append(text))
    downloads.fetch(f'{server.url}/{name}', tmp_path)
    assert told[-1].endswith(f'1024000 bytes, SHA-256 {SHA256}; compared with what was published: {compared}')


def test_a_disk_that_is_full(server, tmp_path, monkeypatch):
    """Found before anything is written; what is there already counts."""
    usage = downloads.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(downloads.shutil, 'disk_usage', lambda path: usage._replace(free=1_500_000))
    with pytest.raises(ConnectionError, match='2048000 bytes are needed, and 1500000 are free'):
        downloads.fetch(f'{server.url}/hub/a.pth', tmp_path, copies=2)
    assert not list(tmp_path.iterdir())
    (tmp_path / 'a.pth.part').write_bytes(CONTENT[:600_000])
    assert downloads.fetch(f'{server.url}/hub/a.pth', tmp_path, copies=2).read_bytes() == CONTENT


def test_two_first_downloads_at_once(server, tmp_path):
    """One of them downloads; the others wait, and take what that has fetched."""
    together = Barrier(3)

    def fetch(_):
        together.wait()
        return downloads.fetch(f'{server.url}/files/a.pth', tmp_path)
    with ThreadPoolExecutor(3) as threads:
        paths = list(threads.map(fetch, range(3)))
    assert paths == [tmp_path / 'a.pth'] * 3 and paths[0].read_bytes() == CONTENT
    assert len(server.asked) == 1 and [entry.name for entry in tmp_path.iterdir()] == ['a.pth']
