"""Data sets of rendered people: SpineTrack's COCO JSON, and 3D in SIMSPINE's layout."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from tqdm import tqdm

from spinepose_mm import deprecated
from spinepose_mm.io.atomic import locked, replacing

from . import staging
from .labels import coco, record, write_npz
from .people import Crowd, photograph
from .photo import Photographer
from .rendering import Person, make_cameras, make_scene, take
from .scene import Renderer
from .settings import Settings, recorded

if TYPE_CHECKING:
    from spinepose_mm.structures.camera import Camera

__all__ = ['Settings', 'render', 'synthesize']

CHUNK = 20


def synthesize(out: str | os.PathLike[str], settings: Settings, workers: int | None = None) -> Path:
    """Render a split of a data set in SpineTrack's layout, or resume one that was interrupted.

    Into `out` come `images/{split}/*.jpg`, `annotations/person_keypoints_{split}.json`, with 37 keypoints a person, and
    `annotations/synthetic_{split}.npz`, in SIMSPINE's layout with the cameras. The last two are written at the end.

    Args:
        out: folder of the data set.
        settings: Settings.
        workers: number of processes; all cores by default.

    Returns:
        pathlib.Path: the JSON file.

    Raises:
        ValueError: `out` has a split of this name that was made with other settings, a background is broken, or the
            images are too small to show a person.
        BlockingIOError: another run renders this split.
        OSError: a file cannot be written.
    """
    out = Path(out)
    ann_file = out / 'annotations' / f'person_keypoints_{settings.split}.json'
    images, parts = out / 'images' / settings.split, out / f'.parts-{settings.split}'
    if _settings_of(ann_file, parts, settings):
        return ann_file
    out.mkdir(parents=True, exist_ok=True)
    with locked(parts, f'the split {settings.split!r} of {out}'):
        if not _settings_of(ann_file, parts, settings):  # another run may have come to its end just now
            _render_split(ann_file, images, parts, settings, workers)
    return ann_file


def _render_split(ann_file: Path, images: Path, parts: Path, settings: Settings, workers: int | None) -> None:
    for folder in (images, parts, ann_file.parent):
        folder.mkdir(parents=True, exist_ok=True)
    _write(parts / 'settings.json', json.dumps(recorded(settings)).encode())
    starts = range(0, settings.images, CHUNK)
    todo = [start for start in starts if not (parts / f'{start:08d}.json').is_file()]
    workers = min(workers or os.cpu_count() or 1, len(todo)) or 1
    with tqdm(
        total=settings.images,
        initial=settings.images - sum(min(CHUNK, settings.images - start) for start in todo),
        desc=f'rendering ({settings.split})',
        unit='image',
        disable=None,
    ) as bar:
        for done in _render_chunks(todo, workers, (settings, images, parts)):
            bar.update(done)
    people = [person for start in starts for person in json.loads((parts / f'{start:08d}.json').read_text())]
    if not people:
        raise ValueError(
            f'no person is visible in the images of {images}; they have to be larger than '
            f'{settings.size[0]}x{settings.size[1]}'
        )
    write_npz(ann_file.with_name(f'synthetic_{settings.split}.npz'), people)
    _write(ann_file, json.dumps(coco(people, settings)).encode())
    shutil.rmtree(parts)


def _settings_of(ann_file: Path, parts: Path, settings: Settings) -> bool:
    """Return whether the split is there already, complete; raise ValueError where it was made otherwise."""
    wanted = json.loads(json.dumps(recorded(settings)))
    kept = None
    if ann_file.is_file():
        kept = json.loads(ann_file.read_text()).get('info', {}).get('settings')
    elif (parts / 'settings.json').is_file():
        kept = json.loads((parts / 'settings.json').read_text())
    if (ann_file.is_file() or kept) and kept != wanted:
        raise ValueError(
            f'{ann_file.parent.parent} has a split {settings.split!r} that was made with other settings '
            f'({kept}); choose another folder, or remove it'
        )
    return ann_file.is_file()


def _render_chunks(starts: Sequence[int], workers: int, job: tuple[Settings, Path, Path]) -> Iterator[int]:
    """Render chunks, in this process or in several; yield how many images each has."""
    if workers == 1:
        _start(*job)
        try:
            yield from map(_render_chunk, starts)
        finally:
            _worker.pop('renderer').close()
        return
    # Fresh processes: VTK's windows and OpenCV's threads do not survive a fork.
    # An executor ends with an error where they cannot start; a Pool would restart them forever.
    with ProcessPoolExecutor(workers, multiprocessing.get_context('spawn'), _start_one_of_many, job) as pool:
        others = multiprocessing.active_children()
        with _interrupts_ignored():
            chunks = [pool.submit(_render_chunk, start) for start in starts]
        try:
            for chunk in chunks:
                yield chunk.result()
        except BaseException:  # Ctrl-C too, and a caller that stops
            for process in set(multiprocessing.active_children()) - set(others):
                process.terminate()
            raise


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Ignore Ctrl-C, and for good in the processes that are started meanwhile: they would print tracebacks.

    Signals are the main thread's alone; in another, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


_worker: dict[str, Any] = {}  # what a process renders with


def _start_one_of_many(*job: Any) -> None:
    cv2.setNumThreads(1)
    _start(*job)


def _start(settings: Settings, images: Path, parts: Path) -> None:
    _worker.update(
        settings=settings,
        images=images,
        parts=parts,
        renderer=open_renderer(settings),
        backgrounds=settings.background_files(),
        panoramas=settings.environment_files(),
    )


def _render_chunk(start: int) -> int:
    """Render the images from number `start` on and write their labels; return how many they are."""
    settings, people = _worker['settings'], []
    # Of its own, since a worker of a run that was killed may still be at work on the same images.
    part = _worker['parts'] / f'{os.getpid()}.part'
    numbers = range(start, min(start + CHUNK, settings.images))
    for number in numbers:
        image, visible, camera = render(
            settings, number, _worker['renderer'], _worker['backgrounds'], _worker['panoramas']
        )
        name = f'{number:08d}.jpg'
        data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, settings.quality])[1].tobytes()
        _write(_worker['images'] / name, data, part)
        people += [record(person, camera, number, f'{settings.split}/{name}') for person in visible]
    _write(_worker['parts'] / f'{start:08d}.json', json.dumps(people).encode(), part)
    return len(numbers)


def open_renderer(settings: Settings) -> Renderer | Photographer:
    """Return what renders the settings' bodies; to be closed."""
    return (Photographer if settings.bodies == 'people' else Renderer)(settings.size)


def render(
    settings: Settings,
    number: int,
    renderer: Renderer | Photographer,
    backgrounds: Sequence[Path] = (),
    panoramas: Sequence[Path] = (),
) -> tuple[np.ndarray, list[Person], Camera]:
    """Render one image of a data set.

    Args:
        settings: Settings.
        number: of the image, from 0 on; nothing else of the data set has to be made for it.
        renderer: what `open_renderer` returned.
        backgrounds, panoramas: what `settings.background_files` and `settings.environment_files` returned.

    Returns:
        tuple: the image in shape (H, W, 3), uint8, BGR; the list of Person in it; and its Camera.
    """
    scene, view = divmod(number, settings.views)
    # The split's name takes part, so that no person, motion or background is in two splits.
    key = [settings.seed, *settings.split.encode(), scene]
    rng = np.random.default_rng(key)
    if isinstance(renderer, Photographer):
        crowd = Crowd(rng, settings.people, settings.motions)
        cameras = staging.make_cameras(rng, crowd.points[0], settings.size, settings.views)
        image, people = photograph(key, crowd, cameras, view, renderer, panoramas, backgrounds)
        return image, people, cameras[view]
    actors = make_scene(rng, settings.people, settings.motions)
    camera = make_cameras(rng, actors, settings.size, settings.views)[view]
    image, people = take(np.random.default_rng([*key, view]), actors, camera, renderer, backgrounds)
    return image, people, camera


def _write(path: Path, data: bytes, part: Path | None = None) -> None:
    with replacing(path, 'wb', part) as file:
        file.write(data)


__getattr__ = deprecated.getter(__name__)
