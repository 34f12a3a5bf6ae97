import subprocess
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from hub import CONTENT, SHA256, Server
from spinepose_mm.zoo import downloads
from spinepose_mm.zoo.models import find_config


@pytest.fixture
def server(monkeypatch, tmp_path):
    monkeypatch.setenv('SPINEPOSE_HOSTS', 'other.org, 127.0.0.1')
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'torch'))
    with Server() as server:
        yield server


@pytest.fixture
def pin(monkeypatch):
    """Function that enters a URL's SHA-256 into the model index."""
    entries = list(downloads.models())

    def pin(url, sha256):
        monkeypatch.setattr(
            downloads, 'models', lambda: [*entries, dict(Name='pinned', Weights=url, License='MIT', SHA256=sha256)]
        )

    return pin


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


def test_no_network_is_said_in_few_words(tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, 'HOSTS', ('nowhere.invalid',))
    with pytest.raises(ConnectionError, match="Failed to resolve 'nowhere.invalid'") as raised:
        downloads.fetch('https://nowhere.invalid/hub/a.pth', tmp_path, tries=1)
    assert str(raised.value).count('a.pth') == 2  # the URL, and where to save it


def test_a_part_that_is_whole(server, tmp_path):
    (tmp_path / 'a.pth.part').write_bytes(CONTENT)
    assert downloads.fetch(f'{server.url}/hub/a.pth', tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize(
    'name',
    [f'hub/{"0" * 8}.pth', f'a-{SHA256[:7]}{"0" if SHA256[7] != "0" else "1"}.pth', f'a-{SHA256[1:9]}_20230605.pth'],
)
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


def test_the_licence_is_logged_offline_too(tmp_path, warnings):
    url = find_config('spinepose-m')[1]
    (tmp_path / url.rsplit('/', 1)[1]).write_bytes(b'kept')
    assert downloads.fetch(url, tmp_path).read_bytes() == b'kept'
    assert 'the weights of spinepose_v2_medium are under CC-BY-NC-4.0: not for commercial use' in warnings()


def test_another_size_than_stated_is_refused(server, tmp_path):
    server.size = 99
    with pytest.raises(ConnectionError, match='is not what was published: it has 1024000 bytes, where 99 are expected'):
        downloads.fetch(f'{server.url}/hub/a.pth', tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    'name, compared',
    [
        ('hub/a.pth', 'its size and its SHA-256 (stated by 127.0.0.1)'),
        (f'a-{SHA256[:8]}.pth', 'its SHA-256 (the digits in its name)'),
        ('a.pth', 'nothing, since nothing is stated'),
    ],
)
def test_what_was_compared_is_logged(server, tmp_path, name, compared, monkeypatch):
    logged = []
    monkeypatch.setattr(downloads, 'print_log', lambda text, *args: logged.append(text))
    downloads.fetch(f'{server.url}/{name}', tmp_path)
    assert logged[-1].endswith(f'1024000 bytes, SHA-256 {SHA256}; compared with what was published: {compared}')


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


def test_the_model_indexs_hash_goes_before_the_hubs(server, tmp_path, pin, monkeypatch):
    url, logged = f'{server.url}/hub/a.pth', []
    monkeypatch.setattr(downloads, 'print_log', lambda text, *args: logged.append(text))
    pin(url, SHA256.upper())
    server.stated = SHA256[::-1]  # a hub whose file was exchanged states the new one's
    downloads.fetch(url)
    assert logged[-1].endswith('its size and its SHA-256 (pinned in the model index)')
    pin(f'{server.url}/hub/b.pth', SHA256[::-1])
    with pytest.raises(ConnectionError, match=rf'its SHA-256 is {SHA256}, where {SHA256[::-1]} \(pinned in the model '):
        downloads.fetch(f'{server.url}/hub/b.pth')


def test_hosts_are_known_or_named(server, monkeypatch):
    url = f'{server.url}/a.pth'
    for trusted, endpoint in (('', ''), ('127.0.0.2', ''), ('huggingface.co', 'http://localhost')):
        monkeypatch.setenv('SPINEPOSE_HOSTS', trusted)
        monkeypatch.setenv('HF_ENDPOINT', endpoint)
        with pytest.raises(
            ConnectionError,
            match=r'/a\.pth was not asked for: 127\.0\.0\.1 is none of the known hosts '
            r'\(huggingface\.co.*set SPINEPOSE_HOSTS=127\.0\.0\.1',
        ):
            downloads.fetch(url)
    for other in ('http://huggingface.co@127.0.0.1:1/a.pth', 'http://127.0.0.1:1\\@huggingface.co/a.pth'):
        with pytest.raises(ConnectionError, match='was not asked for'):
            downloads.fetch(other)
    assert not server.asked
    monkeypatch.setenv('HF_ENDPOINT', server.url)  # the user's own hub
    assert downloads.fetch(url).read_bytes() == CONTENT


def test_every_url_of_the_index_has_a_known_host(monkeypatch):
    monkeypatch.delenv('SPINEPOSE_HOSTS', raising=False)
    urls = [model['Weights'] for model in downloads.models() if '://' in model['Weights']]
    assert len(urls) > 5
    for url in urls:
        downloads._check_host(url)


@pytest.mark.parametrize(
    'place, size', [('a.pth', '1024000 bytes, where'), ('endless/a.pth', 'more than 999999 bytes')]
)
def test_files_that_are_too_large(server, tmp_path, place, size):
    """Found before anything is written, or where no length is stated, on the way."""
    with pytest.raises(ConnectionError, match=f'it has {size}'):
        downloads.fetch(f'{server.url}/{place}', tmp_path / 'a', most=999_999)
    assert not list((tmp_path / 'a').iterdir())
    assert downloads.fetch(f'{server.url}/{place}', tmp_path / 'a', most=1_024_000).read_bytes() == CONTENT


def test_the_cache_goes_by_the_url(server):
    server.files['a.pth'] = b'one'
    one = downloads.fetch(f'{server.url}/one/a.pth')
    server.files['a.pth'] = b'two'
    two = downloads.fetch(f'{server.url}/two/a.pth')
    assert one.name == two.name == 'a.pth' and (one.read_bytes(), two.read_bytes()) == (b'one', b'two')
    asked = len(server.asked)
    assert downloads.fetch(f'{server.url}/one/a.pth') == one and len(server.asked) == asked
    done = subprocess.run(['sha256sum', '-c', 'a.pth.sha256'], cwd=one.parent, capture_output=True, text=True)
    assert done.stdout == 'a.pth: OK\n'


def test_what_is_in_the_cache_is_compared_again(server, pin):
    url = f'{server.url}/a.pth'
    path = downloads.fetch(url)
    path.write_bytes(CONTENT[:-1] + b'x')
    with pytest.raises(
        ConnectionError,
        match=rf'a\.pth is not what {url} was: its SHA-256 is .* where {SHA256} '
        r'\(written in .*a\.pth\.sha256 when it was downloaded\) is expected\. Remove it',
    ):
        downloads.fetch(url)
    path.unlink()
    assert downloads.fetch(url).read_bytes() == CONTENT
    pin(url, SHA256[::-1])  # learned since
    with pytest.raises(ConnectionError, match='pinned in the model index'):
        downloads.fetch(url)


def test_what_was_put_into_the_cache_by_hand(server, tmp_path):
    """As the message advises where a download fails; the digits in a name are all that it can be compared with."""
    for name, accepted in (('a.pth', True), (f'a-{SHA256[:8]}.pth', True), (f'a-{SHA256[1:9]}.pth', False)):
        path = downloads.cached(f'{server.url}/{name}')
        path.parent.mkdir(parents=True)
        path.write_bytes(CONTENT)
        if accepted:
            assert downloads.fetch(f'{server.url}/{name}') == path
        else:
            with pytest.raises(ConnectionError, match='the digits in its name'):
                downloads.fetch(f'{server.url}/{name}')
    assert not server.asked


def test_what_mmengine_downloaded_is_taken_where_its_name_proves_it(server, tmp_path):
    shared = tmp_path / 'torch/hub/checkpoints'
    shared.mkdir(parents=True)
    for name, content, taken in (
        (f'a-{SHA256[:8]}.pth', CONTENT, True),
        (f'b-{SHA256[:8]}.pth', b'old', False),
        ('a.pth', CONTENT, False),
    ):
        (shared / name).write_bytes(content)
        found = downloads.fetch(f'{server.url}/{name}')
        assert (found == shared / name) == taken and found.read_bytes() == CONTENT


def test_an_address_without_a_file(server):
    with pytest.raises(ConnectionError, match='names no file'):
        downloads.fetch(f'{server.url}/hub/')
