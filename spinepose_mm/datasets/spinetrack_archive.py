"""SpineTrack from its hub: the archives, and how they become the documented folders.

What is in the archives below which folder is not documented; they are taken with and without folders around what is
expected. An annotation file or a folder of images is there whole or not at all.
"""

import errno
import json
import logging
import os
import shutil
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path, PurePosixPath

from mmengine.logging import print_log
from tqdm import tqdm

from spinepose_mm.io.reading import reading
from spinepose_mm.zoo.downloads import fetch

HUB = 'https://huggingface.co'  # or the one that the variable HF_ENDPOINT names, as the hub's own tools do
DATASET = 'datasets/saifkhichi96/spinetrack'
SPLITS = ('train-real-coco', 'train-real-yoga', 'train-unreal', 'val2017')
#: What each archive, {part}.zip, has to hold, which comes into the folder {part}.
PARTS = {'annotations': tuple(f'person_keypoints_{split}.json' for split in SPLITS), 'images': SPLITS}

_TRIES = 20  # of 19 GB, several lines may break
_MOST = 64 << 30  # bytes
_SYMLINK, _KIND = 0o120000, 0o170000


def page() -> str:
    """Return the address of the data set's page."""
    return f'{os.environ.get("HF_ENDPOINT", HUB).rstrip("/")}/{DATASET}'


def fetch_spinetrack(
    root: str | os.PathLike[str], parts: Sequence[str] = tuple(PARTS), keep: bool = False, progress: bool = True
) -> list[str]:
    """Download and unpack SpineTrack into its documented folders; what is there already is left as it is.

    Args:
        root: folder of the data set.
        parts: names out of PARTS.
        keep: whether the archives stay, in `root`, as archives that were there before always do.
        progress: whether to show progress bars on a terminal.

    Returns:
        list[str]: what was unpacked, below `root`.

    Raises:
        ConnectionError: an archive could not be downloaded, or is not what was published.
        OSError: the disk is full.
        ValueError: an archive is broken or unsafe, or does not hold what is expected.
    """
    root, unpacked = Path(root), []
    for part in parts:
        if all((root / part / entry).exists() for entry in PARTS[part]):
            continue
        was_there = (root / f'{part}.zip').exists()
        archive = fetch(f'{page()}/resolve/main/{part}.zip', root, progress, tries=_TRIES, copies=2, most=_MOST)
        unpacked += unpack(archive, root / part, PARTS[part], progress)
        if not (keep or was_there):
            archive.unlink()
    return unpacked


def unpack(archive: str | os.PathLike[str], folder: Path, expected: Sequence[str], progress: bool = True) -> list[str]:
    """Unpack what stands beside the expected entries of an archive into a folder; a warning names what is elsewhere.

    Args:
        archive: path of a .zip.
        folder: where the entries come. Those that are there already are left as they are.
        expected: names of files or folders, which the archive has to hold at one place.
        progress: whether to show a progress bar on a terminal.

    Returns:
        list[str]: the new entries, as '{name of the folder}/{entry}'.

    Raises:
        OSError: the disk is full.
        ValueError: the archive is broken or unsafe, or lacks expected entries. Nothing new is in the folder then.
    """
    unfinished = folder.parent / f'.{folder.name}.unpacking'
    shutil.rmtree(unfinished, ignore_errors=True)  # of a run that was killed
    try:
        with zipfile.ZipFile(archive) as content:
            members = _members(archive, content)
            place = _place(archive, members, expected)
            inside = {name[len(place) :]: info for name, info in members.items() if name[: len(place)] == place}
            new = {name: info for name, info in inside.items() if not (folder / name[0]).exists()}
            _write(content, new, unfinished, progress)
        folder.mkdir(parents=True, exist_ok=True)
        entries = sorted({name[0] for name in new})
        for entry in entries:
            os.replace(unfinished / entry, folder / entry)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as error:
        raise ValueError(f'{archive} cannot be unpacked: {error}. Remove it, and it is downloaded again') from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    if len(inside) < len(members):
        others = ['/'.join(name) for name in members if name[: len(place)] != place]
        print_log(
            f'{archive}: {_some(others)} are left out, which are not beside {expected[0]}', 'current', logging.WARNING
        )
    return [f'{folder.name}/{entry}' for entry in entries]


def count_images(root: str | os.PathLike[str]) -> dict[str, tuple[int, int]]:
    """Return {split: (images that are there, images that its annotation file names)}.

    Raises:
        FileNotFoundError: there is no such annotation file.
        ValueError: it is not of COCO's format.
    """
    counts = {}
    for split, file in zip(SPLITS, PARTS['annotations']):
        path = Path(root, 'annotations', file)
        with reading(path, 'is not in COCO format'):
            names = [image['file_name'] for image in json.loads(path.read_bytes())['images']]
        counts[split] = sum(Path(root, 'images', split, name).is_file() for name in names), len(names)
    return counts


def _members(archive: str | os.PathLike[str], content: zipfile.ZipFile) -> dict[tuple[str, ...], zipfile.ZipInfo]:
    """Return {parts of the path: ZipInfo} of the files in an archive, without what macOS adds."""
    members = {}
    for info in content.infolist():
        path = PurePosixPath(info.filename.replace('\\', '/'))
        if path.is_absolute() or '..' in path.parts or info.external_attr >> 16 & _KIND == _SYMLINK:
            raise ValueError(
                f'{archive} was not unpacked: it holds {info.filename!r}, which is a link or leads out of the folder'
            )
        junk = '__MACOSX' in path.parts or path.name.startswith(('._', '.DS_Store'))
        if path.parts and not info.is_dir() and not junk:
            members[path.parts] = info
    return members


def _place(
    archive: str | os.PathLike[str], members: Collection[tuple[str, ...]], expected: Sequence[str]
) -> tuple[str, ...]:
    """Return the parts of the path of the folder that holds all expected entries, () for the top."""
    places = defaultdict(set)
    for name in members:
        for depth, part in enumerate(name):
            if part in expected:
                places[name[:depth]].add(part)
    whole = [place for place, entries in places.items() if len(entries) == len(expected)]
    if not whole:
        held = sorted({'/'.join(name) if len(name) < 3 else '/'.join(name[:2]) + '/...' for name in members})
        raise ValueError(
            f'{archive} was not unpacked: {", ".join(expected)} are expected in one folder or at the top, '
            f'but it holds {_some(held) or "no files"}'
        )
    return min(whole, key=len)


def _write(
    content: zipfile.ZipFile, members: Mapping[tuple[str, ...], zipfile.ZipInfo], folder: Path, progress: bool
) -> None:
    """Write members of an archive below a folder that is not there yet."""
    needed, free = sum(info.file_size for info in members.values()), shutil.disk_usage(folder.parent).free
    if needed > free:
        raise OSError(
            errno.ENOSPC,
            f'{needed} bytes are needed to unpack {content.filename}, and {free} are free',
            str(folder.parent),
        )
    with tqdm(
        desc=f'unpacking {Path(str(content.filename)).name}',
        total=needed,
        unit='B',
        unit_scale=True,
        disable=None if progress else True,
    ) as bar:
        for name, info in members.items():
            path = folder.joinpath(*name)
            path.parent.mkdir(parents=True, exist_ok=True)
            with content.open(info) as source, open(path, 'wb') as file:
                shutil.copyfileobj(source, file)
            bar.update(info.file_size)


def _some(names: Sequence[str], most: int = 8) -> str:
    return ', '.join(names[:most]) + (f' and {len(names) - most} more' if len(names) > most else '')
