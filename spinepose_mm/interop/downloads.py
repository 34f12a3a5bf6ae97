"""Files out of the net: fetched once, in parts where the line breaks, and compared with what is published of them."""
import errno
import hashlib
import logging
import os
import re
import shutil
from pathlib import Path
from typing import NamedTuple

import requests
import torch
from mmengine.logging import print_log
from tqdm import tqdm

from spinepose_mm.writing import locked

from .aliases import models

_PATIENCE, _CHUNK = 30, 1 << 16  # seconds; bytes
#: Eight digits alone are a date, before which a hash may stand.
_OF_NAME = re.compile(r'-([0-9a-f]{8,64})_\d{8}\.\w+$|-((?=\d*[a-f])[0-9a-f]{8,64})\.\w+$')


class Published(NamedTuple):
    """What is known of a file before it is there: its SHA-256 or the beginning of it, or '', and its size or None."""
    sha256: str
    size: int | None


def fetch(url, folder=None, progress=True, tries=3, copies=1):
    """Return the path of a file, which is downloaded unless it is there.

    It is compared with the size and SHA-256 that the server states for it (as hubs do for large files), or with the
    SHA-256 whose beginning stands in its name (OpenMMLab's habit). What was compared is logged. A download that breaks
    off is kept and goes on the next time.

    Args:
        url: where it is.
        folder: to keep it in; torch hub's folder of checkpoints by default.
        progress: whether to show a progress bar on a terminal.
        tries: how often it is begun or gone on with before it is given up.
        copies: how often it has to fit on the disk; 2 where it will be unpacked.

    Raises:
        ConnectionError: it could not be downloaded, does not fit on the disk, or is not what was published.
    """
    path = Path(folder or Path(torch.hub.get_dir(), 'checkpoints')) / url.split('?')[0].rsplit('/', 1)[1]
    _tell_licence(url)
    if path.is_file():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path, wait=True):  # two first runs download once
        return path if path.is_file() else _fetch(url, path, progress, tries, copies)


def _fetch(url, path, progress, tries, copies):
    part = path.with_name(f'{path.name}.part')
    advice = f'Fetch it by other means and save it as {path}, or name a local file instead'
    try:
        published = _download(url, part, progress, tries, copies)
    except (requests.RequestException, OSError) as error:
        raise ConnectionError(f'{url} could not be downloaded ({error}). {advice}') from error
    size, found = part.stat().st_size, _sha256(part, progress)
    wrong = f'its SHA-256 is {found}, where {published.sha256} is' if not found.startswith(published.sha256) else \
        f'it has {size} bytes, where {published.size} are' if published.size not in (None, size) else ''
    if wrong:
        part.unlink()
        raise ConnectionError(f'{url} is not what was published: {wrong} expected. What was downloaded was removed; try '
                              f'again. {advice}')
    os.replace(part, path)
    compared = [name for name, value in (('its size', published.size), ('its SHA-256', published.sha256)) if value]
    print_log(f'{path} was downloaded: {size} bytes, SHA-256 {found}; compared with what was published: '
              + (' and '.join(compared) or 'nothing, since nothing is stated'), 'current')
    return path


def _download(url, part, progress, tries, copies):
    """Write a file, or the rest of it, and return what is Published of it."""
    for attempt in range(tries + 1):
        start = part.stat().st_size if part.is_file() else 0
        # Coded content would be neither of the length nor of the hash that is stated.
        headers = {'Accept-Encoding': 'identity', **({'Range': f'bytes={start}-'} if start else {})}
        try:
            with requests.get(url, headers=headers, stream=True, timeout=_PATIENCE) as response:
                published = _published(url, response)
                if response.status_code == 416:  # there is no rest
                    return published
                response.raise_for_status()
                if start and not published.sha256:  # whether the rest is of the same file could not be told
                    part.unlink()
                    continue
                start = start if response.status_code == 206 else 0
                _write(response, part, start, progress, copies)
                return published
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
            if attempt >= tries - 1:
                raise


def _write(response, part, start, progress, copies):
    total = response.headers.get('Content-Length')
    total = start + int(total) if total else None
    free = shutil.disk_usage(part.parent).free + (part.stat().st_size if part.is_file() else 0)
    if total and copies * total > free:
        raise OSError(errno.ENOSPC, f'{copies * total} bytes are needed, and {free} are free', str(part.parent))
    with open(part, 'ab' if start else 'wb') as file, tqdm(
            desc=part.stem, total=total, initial=start, unit='B', unit_scale=True,
            disable=None if progress else True) as bar:
        for chunk in response.iter_content(_CHUNK):
            file.write(chunk)
            bar.update(len(chunk))
    if total is not None and part.stat().st_size < total:
        raise requests.ConnectionError(f'the connection broke after {part.stat().st_size} of {total} bytes')


def _published(url, response):
    """Return what the server, one that led on to it, or the file's name states."""
    size, sha256 = None, ''
    for hop in (response, *response.history):
        stated = hop.headers.get('X-Linked-Etag', '').strip('"')
        if re.fullmatch('[0-9a-f]{64}', stated):
            sha256 = sha256 or stated
        if hop.headers.get('X-Linked-Size', '').isdecimal():
            size = int(hop.headers['X-Linked-Size'])
    named = _OF_NAME.search(url.split('?')[0])
    return Published(sha256 or (named[1] or named[2] if named else ''), size)


def _sha256(path, progress):
    """Return the SHA-256 of a file; of a large one this takes a minute."""
    whole = hashlib.sha256()
    with open(path, 'rb') as file, tqdm(
            desc=f'checking {path.stem}', total=path.stat().st_size, unit='B', unit_scale=True, delay=2,
            disable=None if progress else True) as bar:
        while chunk := file.read(1 << 20):
            whole.update(chunk)
            bar.update(len(chunk))
    return whole.hexdigest()


def _tell_licence(url):
    for model in models():
        if model['Weights'] == url:
            clause = ': not for commercial use' if '-NC' in model['License'] else ''
            print_log(f'the weights of {model["Name"]} are under {model["License"]}{clause}', 'current',
                      logging.WARNING if clause else logging.INFO)
