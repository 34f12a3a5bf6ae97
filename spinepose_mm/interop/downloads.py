"""Weights out of the net: fetched once, in parts where the line breaks, and compared with their published hash."""
import hashlib
import logging
import os
import re
from pathlib import Path

import requests
import torch
from mmengine.logging import print_log
from tqdm import tqdm

from .aliases import models

_TRIES, _PATIENCE, _CHUNK = 3, 30, 1 << 16  # seconds; bytes
#: Eight digits alone are a date, before which a hash may stand.
_OF_NAME = re.compile(r'-([0-9a-f]{8,64})_\d{8}\.\w+$|-((?=\d*[a-f])[0-9a-f]{8,64})\.\w+$')


def fetch(url, folder=None, progress=True):
    """Return the path of a file of weights, which is downloaded unless it is there.

    It is compared with the SHA-256 that the server states for it (as hubs do for large files), or whose beginning
    stands in its name (OpenMMLab's habit). A download that breaks off is kept and goes on the next time.

    Args:
        url: where it is.
        folder: to keep it in; torch hub's folder of checkpoints by default.
        progress: whether to show a progress bar on a terminal.

    Raises:
        ConnectionError: it could not be downloaded, or is not what was published.
    """
    path = Path(folder or Path(torch.hub.get_dir(), 'checkpoints')) / url.split('?')[0].rsplit('/', 1)[1]
    _tell_licence(url)
    if path.is_file():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f'{path.name}.part')
    advice = f'Fetch it by other means and save it as {path}, or name a local file instead'
    try:
        published = _download(url, part, progress)
    except (requests.RequestException, OSError) as error:
        raise ConnectionError(f'{url} could not be downloaded ({error}). {advice}') from error
    found = _sha256(part)
    if not found.startswith(published):
        part.unlink()
        raise ConnectionError(f'{url} is not what was published: its SHA-256 is {found}, where {published} is '
                              f'expected. What was downloaded was removed; try again. {advice}')
    os.replace(part, path)
    print_log(f'{path} was downloaded; SHA-256 {found}' + ('' if published else ', which nothing was compared with'),
              'current')
    return path


def _download(url, part, progress):
    """Write a file, or the rest of it, and return its published hash, or the beginning of that, as far as known."""
    for attempt in range(_TRIES + 1):
        start = part.stat().st_size if part.is_file() else 0
        # Coded content would be neither of the length nor of the hash that is stated.
        headers = {'Accept-Encoding': 'identity', **({'Range': f'bytes={start}-'} if start else {})}
        try:
            with requests.get(url, headers=headers, stream=True, timeout=_PATIENCE) as response:
                published = _published(url, response)
                if response.status_code == 416:  # there is no rest
                    return published
                response.raise_for_status()
                if start and not published:  # whether the rest is of the same file could not be told
                    part.unlink()
                    continue
                start = start if response.status_code == 206 else 0
                _write(response, part, start, progress)
                return published
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
            if attempt >= _TRIES - 1:
                raise


def _write(response, part, start, progress):
    total = response.headers.get('Content-Length')
    total = start + int(total) if total else None
    with open(part, 'ab' if start else 'wb') as file, tqdm(
            desc=part.stem, total=total, initial=start, unit='B', unit_scale=True,
            disable=None if progress else True) as bar:
        for chunk in response.iter_content(_CHUNK):
            file.write(chunk)
            bar.update(len(chunk))
    if total is not None and part.stat().st_size < total:
        raise requests.ConnectionError(f'the connection broke after {part.stat().st_size} of {total} bytes')


def _published(url, response):
    for hop in (response, *response.history):
        stated = hop.headers.get('X-Linked-Etag', '').strip('"')
        if re.fullmatch('[0-9a-f]{64}', stated):
            return stated
    named = _OF_NAME.search(url.split('?')[0])
    return named[1] or named[2] if named else ''


def _sha256(path):
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


def _tell_licence(url):
    for model in models():
        if model['Weights'] == url:
            clause = ': not for commercial use' if '-NC' in model['License'] else ''
            print_log(f'the weights of {model["Name"]} are under {model["License"]}{clause}', 'current',
                      logging.WARNING if clause else logging.INFO)
