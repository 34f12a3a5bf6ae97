"""Checks of the images that an annotation file names."""

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tqdm import tqdm

from spinepose_mm.io.image import decode, read_header
from spinepose_mm.io.paths import check_regular

from .findings import ERROR, SUSPECT, Report


def check_images(report: Report, images: Sequence[dict[str, Any]], folder: Path, progress: bool) -> None:
    """Report images that are missing, broken, of another size than the file says, or the same."""
    if not folder.is_dir():
        raise FileNotFoundError(f'the folder of images {folder} does not exist')
    first: dict[str, str] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda image: _image(folder / image['file_name']), images)
        for image, (problem, size, digest) in zip(images, tqdm(results, total=len(images), disable=not progress)):
            name = image['file_name']
            if problem:
                report.add(ERROR, problem, [name])
            elif size != (image['width'], image['height']):
                report.add(ERROR, 'image of another size than the file says', [name])
            if digest and first.setdefault(digest, name) != name:
                report.add(SUSPECT, 'image that is there under another name too', [name])


def _image(path: Path) -> tuple[str | None, tuple[int, int] | None, str | None]:
    """Return (what is wrong with an image or None, its (width, height), a digest of the file)."""
    try:
        check_regular(path)
        data = path.read_bytes()
    except (OSError, ValueError):  # such as a name that no file can have, or a pipe
        return 'missing image', None, None
    try:
        truncated, shape = read_header(data)
        if truncated:
            return 'truncated image', None, None
        image = decode(data, shape)
    except ValueError:
        image = None
    if image is None:
        return 'file that is no image, or too large a one', None, None
    return None, image.shape[1::-1], hashlib.md5(data).hexdigest()
