"""Downloads: files are fetched once, resumed where the connection breaks, and compared with their published hashes."""

import errno
import hashlib
import logging
import os
import re
import shutil
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import requests
import torch
from mmengine.logging import print_log
from tqdm import tqdm
from urllib3.util import parse_url

from spinepose_mm.io.atomic import locked

from .models import models

#: Hosts that the configs of this package, MMPose and MMDetection name, and the servers of torchvision's weights.
HOSTS = ('huggingface.co', 'download.openmmlab.com', 'download.pytorch.org', 'github.com', 'www.robots.ox.ac.uk')
#: Bytes of a file, unless more are asked for: more than any checkpoint of a pose model.
MAX_BYTES = 8 << 30

_PATIENCE, _CHUNK = 30, 1 << 16  # seconds; bytes
#: Eight digits alone are a date, before which a hash may stand.
_OF_NAME = re.compile(r'-([0-9a-f]{8,64})_\d{8}\.\w+$|-((?=\d*[a-f])[0-9a-f]{8,64})\.\w+$')


class Published(NamedTuple):
    """What is published about a file before it is downloaded.

    Attributes:
        sha256: its SHA-256 or the beginning of it, or ''.
        source: where that is stated.
        size: in bytes, or None.
    """

    sha256: str
    source: str
    size: int | None = None


def fetch(
    url: str,
    folder: str | os.PathLike[str] | None = None,
    progress: bool = True,
    tries: int = 3,
    copies: int = 1,
    most: int = MAX_BYTES,
) -> Path:
    """Return the path of a file, which is downloaded unless it is there.

    It is compared with the SHA-256 that the model index pins, else with what the server states for it (as hubs do for
    large files), else with the SHA-256 whose beginning stands in its name (OpenMMLab's habit). What was compared is
    logged. In the cache, the SHA-256 is kept beside the file and compared whenever the file is used. A download that
    breaks off is kept and resumed the next time.

    Args:
        url: where it is, on one of HOSTS, or of those that the variable SPINEPOSE_HOSTS names, with commas in between.
        folder: to keep it in; by default a folder of its own in torch hub's folder of checkpoints, see `cached`.
        progress: whether to show a progress bar on a terminal.
        tries: how often the download is begun or resumed before an error is raised.
        copies: how often it has to fit on the disk; 2 where it will be unpacked.
        most: bytes that it may have.

    Raises:
        ConnectionError: the host is not known, it could not be downloaded, is too large or does not fit on the disk, or
            is not what was published.
    """
    model = next((model for model in models() if model['Weights'] == url), {})
    _log_licence(model)
    known = _known(url, model)
    path = Path(folder, _name(url)) if folder else cached(url)
    if path.is_file():
        return path if folder else _compared(path, url, known, progress)
    shared = path.parents[1] / path.name  # where MMEngine keeps it, with those of the same name
    if not folder and known.sha256 and shared.is_file() and _sha256(shared, progress).startswith(known.sha256):
        return shared
    _check_host(url)
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path, wait=True):  # two first runs download once
        if not path.is_file():
            _fetch(url, path, known, progress, tries, copies, most, is_cache=not folder)
    return path


def _fetch(
    url: str, path: Path, known: Published, progress: bool, tries: int, copies: int, most: int, is_cache: bool
) -> None:
    """Download a file, compare it with what is Published, and move it to its place; record its SHA-256 in the cache."""
    # Not by `replacing_path`: the next download goes on where an interrupted one has stopped.
    part = path.with_name(f'{path.name}.part')
    advice = f'Fetch it by other means and save it as {path}, or name a local file instead'
    try:
        published = _download(url, part, known, progress, tries, copies, most)
    except (requests.RequestException, OSError) as error:
        # Of urllib3's error inside, only the cause: the rest of its text is the URL again.
        reason = getattr(error.args[0] if error.args else None, 'reason', error)
        raise ConnectionError(f'{url} could not be downloaded ({reason}). {advice}') from error
    size, sha256 = part.stat().st_size, _sha256(part, progress)
    wrong = _difference(published, size, sha256)
    if wrong:
        part.unlink()
        raise ConnectionError(
            f'{url} is not what was published: {wrong} expected. What was downloaded was removed; try again. {advice}'
        )
    if is_cache:
        record(path, sha256)
    os.replace(part, path)
    compared = ['its size'] * bool(published.size) + [f'its SHA-256 ({published.source})'] * bool(published.sha256)
    print_log(
        f'{path} was downloaded: {size} bytes, SHA-256 {sha256}; compared with what was published: '
        + (' and '.join(compared) or 'nothing, since nothing is stated'),
        'current',
    )


def _difference(published: Published, size: int, sha256: str) -> str:
    """Return how a file differs from what is Published of it, or ''."""
    if not sha256.startswith(published.sha256):
        return f'its SHA-256 is {sha256}, where {published.sha256} ({published.source}) is'
    return f'it has {size} bytes, where {published.size} are' if published.size not in (None, size) else ''


def cached(url: str, cache: str | os.PathLike[str] | None = None) -> Path:
    """Return where the cache has the file of a URL; another URL's file of the same name is in another folder."""
    cache = cache or Path(torch.hub.get_dir(), 'checkpoints')
    return Path(cache, hashlib.sha256(url.encode()).hexdigest()[:16], _name(url))


def record(path: Path, sha256: str) -> None:
    """Write a file's SHA-256 beside it, in the form of the program `sha256sum`."""
    path.with_name(f'{path.name}.sha256').write_text(f'{sha256}  {path.name}\n')


def _name(url: str) -> str:
    name = url.split('?')[0].rsplit('/', 1)[1]
    if name in ('', '.', '..'):
        raise ConnectionError(f'{url} names no file')
    return name


def _check_host(url: str) -> None:
    """Raise ConnectionError unless a URL's host is one of those that are known or were named by the user."""
    host = parse_url(url).host  # as what connects to it reads it
    named = os.environ.get('SPINEPOSE_HOSTS', '').split(',')
    hub = urlsplit(os.environ.get('HF_ENDPOINT', '')).hostname
    if host not in {*HOSTS, hub, *(name.strip() for name in named)}:
        raise ConnectionError(
            f'{url} was not asked for: {host} is none of the known hosts ({", ".join(HOSTS)}). If '
            f'you trust it, set SPINEPOSE_HOSTS={host}, or name a local file instead'
        )


def _known(url: str, model: dict[str, Any]) -> Published:
    """Return what is Published of a file offline: in the model index or by the file's name."""
    if 'SHA256' in model:
        return Published(str(model['SHA256']).lower(), 'pinned in the model index')
    named = _OF_NAME.search(url.split('?')[0])
    return Published(named[1] or named[2], 'the digits in its name') if named else Published('', '')


def _compared(path: Path, url: str, known: Published, progress: bool) -> Path:
    """Return the path of a file in the cache, if it still is what was downloaded, or what is known."""
    beside = path.with_name(f'{path.name}.sha256')
    recorded = beside.read_text()[:64] if beside.is_file() else ''
    # The digits in a name, of which there are few, were compared before the record was written.
    expected = {known.source: known.sha256} if known.source.startswith('pinned') or not recorded else {}
    expected[f'written in {beside} when it was downloaded'] = recorded
    if not any(expected.values()):
        print_log(f'{path}: nothing is known to compare it with', 'current')
        return path
    digest = _sha256(path, progress)
    for source, sha256 in expected.items():
        if not digest.startswith(sha256):
            raise ConnectionError(
                f'{path} is not what {url} was: its SHA-256 is {digest}, where {sha256} ({source}) '
                'is expected. Remove it, and it will be downloaded again'
            )
    return path


def _download(url: str, part: Path, known: Published, progress: bool, tries: int, copies: int, most: int) -> Published:
    """Write a file, or the rest of it, and return what is Published of it."""
    for attempt in range(tries + 1):
        start = part.stat().st_size if part.is_file() else 0
        # Coded content would be neither of the length nor of the hash that is stated.
        headers = {'Accept-Encoding': 'identity', **({'Range': f'bytes={start}-'} if start else {})}
        try:
            with requests.get(url, headers=headers, stream=True, timeout=_PATIENCE) as response:
                published = _published(response, known)
                if response.status_code == 416:  # there is no rest
                    return published
                response.raise_for_status()
                if start and not published.sha256:  # nothing would show whether the rest is of the same file
                    part.unlink()
                    continue
                start = start if response.status_code == 206 else 0
                _write(response, part, start, progress, copies, most)
                return published
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
            if attempt >= tries - 1:
                raise
    raise requests.ConnectionError('it was not tried')  # tries are 1 or more


def _write(response: requests.Response, part: Path, start: int, progress: bool, copies: int, most: int) -> None:
    length = response.headers.get('Content-Length')
    total = start + int(length) if length else None
    if total and total > most:
        raise OSError(errno.EFBIG, f'it has {total} bytes, where at most {most} are expected')
    free = shutil.disk_usage(part.parent).free + (part.stat().st_size if part.is_file() else 0)
    if total and copies * total > free:
        raise OSError(errno.ENOSPC, f'{copies * total} bytes are needed, and {free} are free', str(part.parent))
    with (
        open(part, 'ab' if start else 'wb') as file,
        tqdm(
            desc=part.stem, total=total, initial=start, unit='B', unit_scale=True, disable=None if progress else True
        ) as bar,
    ):
        for chunk in response.iter_content(_CHUNK):
            file.write(chunk)
            bar.update(len(chunk))
            if file.tell() > most:  # of a server that states no length
                part.unlink()
                raise OSError(errno.EFBIG, f'it has more than {most} bytes, which are expected at most')
    if total is not None and part.stat().st_size < total:
        raise requests.ConnectionError(f'the connection broke after {part.stat().st_size} of {total} bytes')


def _published(response: requests.Response, known: Published) -> Published:
    """Return what is pinned, what the server or one that led on to it states, or what the file's name says."""
    size, stated = None, None
    for hop in (response, *response.history):
        sha256 = hop.headers.get('X-Linked-Etag', '').strip('"')
        if re.fullmatch('[0-9a-f]{64}', sha256) and stated is None:
            stated = Published(sha256, f'stated by {urlsplit(hop.url).hostname}')
        if hop.headers.get('X-Linked-Size', '').isdecimal():
            size = int(hop.headers['X-Linked-Size'])
    pinned = known.source.startswith('pinned')
    return (known if pinned or stated is None else stated)._replace(size=size)


def _sha256(path: Path, progress: bool) -> str:
    """Return the SHA-256 of a file; of a large one this takes a minute."""
    whole = hashlib.sha256()
    with (
        open(path, 'rb') as file,
        tqdm(
            desc=f'checking {path.stem}',
            total=path.stat().st_size,
            unit='B',
            unit_scale=True,
            delay=2,
            disable=None if progress else True,
        ) as bar,
    ):
        while chunk := file.read(1 << 20):
            whole.update(chunk)
            bar.update(len(chunk))
    return whole.hexdigest()


def _log_licence(model: dict[str, Any]) -> None:
    if model:
        clause = ': not for commercial use' if '-NC' in model['License'] else ''
        print_log(
            f'the weights of {model["Name"]} are under {model["License"]}{clause}',
            'current',
            logging.WARNING if clause else logging.INFO,
        )
