"""Data sets of rendered people: SpineTrack's COCO JSON, and 3D in SIMSPINE's layout."""

import json
import multiprocessing
import os
import shutil
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from spinepose_mm import deprecated, skeleton
from spinepose_mm.io.atomic import locked, replacing
from spinepose_mm.structures.simspine_layout import CAMERA_LAYOUT

from .motion import MOTIONS
from .rendering import make_cameras, make_scene, take
from .scene import Renderer

CHUNK = 20
MAX_PEOPLE = 6  # more would not stand apart in one image
BODIES = 2  # counts the changes of bodies and motions, so that a split of the old ones is not taken for one of these


@dataclass(frozen=True)
class Settings:
    """What a data set is made of. The same settings give the same bytes.

    Attributes:
        images: number of images.
        split: name of the split, such as 'train' or 'val': each has its own people, clothes, backgrounds and motions.
        seed: any number.
        size: (width, height) of the images in pixels.
        people: at most so many people in an image.
        views: how many calibrated cameras see each scene; each gives one of the images.
        quality: of the JPEGs, up to 100.
        backgrounds: folder of images to put behind the people; synthetic ones where it is empty.
        motions: what the people do, names out of MOTIONS.

    Raises:
        ValueError: a setting is out of its range.
        FileNotFoundError: there is no folder of that name.
    """

    images: int
    split: str = 'train'
    seed: int = 0
    size: tuple = (512, 384)
    people: int = 1
    views: int = 1
    quality: int = 90
    backgrounds: str = ''
    motions: tuple = tuple(MOTIONS)

    def __post_init__(self):
        for name, low, high in (('images', 1, 10**7), ('people', 1, MAX_PEOPLE), ('views', 1, 16), ('quality', 1, 100)):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f'{name} must be from {low} to {high}, but it is {getattr(self, name)}')
        if min(self.size) < 64 or max(self.size) > 4096:
            raise ValueError(f'size must be from 64 to 4096 pixels, but it is {self.size[0]}x{self.size[1]}')
        unknown = [name for name in self.motions if name not in MOTIONS]
        if unknown or not self.motions:
            raise ValueError(f'motions are out of {", ".join(MOTIONS)}, but it is {", ".join(unknown) or "none"}')
        if self.backgrounds and not self.background_files():
            raise ValueError(f'{self.backgrounds} has no images (.jpg, .jpeg, .png) to put behind the people')

    def background_files(self):
        """Return the sorted paths of the background images."""
        if not self.backgrounds:
            return []
        if not Path(self.backgrounds).is_dir():
            raise FileNotFoundError(f'there is no folder of backgrounds {self.backgrounds}')
        return sorted(
            path for path in Path(self.backgrounds).iterdir() if path.suffix.lower() in ('.jpg', '.jpeg', '.png')
        )


def synthesize(out, settings, workers=None):
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


def _render_split(ann_file, images, parts, settings, workers):
    for folder in (images, parts, ann_file.parent):
        folder.mkdir(parents=True, exist_ok=True)
    _write(parts / 'settings.json', json.dumps(_recorded(settings)).encode())
    starts = range(0, settings.images, CHUNK)
    todo = [start for start in starts if not (parts / f'{start:08d}.json').is_file()]
    workers = min(workers or os.cpu_count(), len(todo)) or 1
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
    _write(ann_file, json.dumps(_coco(people, settings)).encode())
    shutil.rmtree(parts)


def _recorded(settings):
    return dict(asdict(settings), bodies=BODIES)


def _settings_of(ann_file, parts, settings):
    """Return whether the split is there already, complete; raise ValueError where it was made otherwise."""
    wanted = json.loads(json.dumps(_recorded(settings)))
    recorded = None
    if ann_file.is_file():
        recorded = json.loads(ann_file.read_text()).get('info', {}).get('settings')
    elif (parts / 'settings.json').is_file():
        recorded = json.loads((parts / 'settings.json').read_text())
    if (ann_file.is_file() or recorded) and recorded != wanted:
        raise ValueError(
            f'{ann_file.parent.parent} has a split {settings.split!r} that was made with other settings '
            f'({recorded}); choose another folder, or remove it'
        )
    return ann_file.is_file()


def _render_chunks(starts, workers, job):
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
def _interrupts_ignored():
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


_worker = {}


def _start_one_of_many(*job):
    cv2.setNumThreads(1)
    _start(*job)


def _start(settings, images, parts):
    _worker.update(
        settings=settings,
        images=images,
        parts=parts,
        renderer=Renderer(settings.size),
        backgrounds=settings.background_files(),
    )


def _render_chunk(start):
    """Render the images from number `start` on and write their labels; return how many they are."""
    settings, people = _worker['settings'], []
    # Of its own, since a worker of a run that was killed may still be at work on the same images.
    part = _worker['parts'] / f'{os.getpid()}.part'
    numbers = range(start, min(start + CHUNK, settings.images))
    for number in numbers:
        image, visible, camera = render(settings, number, _worker['renderer'], _worker['backgrounds'])
        name = f'{number:08d}.jpg'
        data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, settings.quality])[1].tobytes()
        _write(_worker['images'] / name, data, part)
        people += [_record(person, camera, number, f'{settings.split}/{name}') for person in visible]
    _write(_worker['parts'] / f'{start:08d}.json', json.dumps(people).encode(), part)
    return len(numbers)


def render(settings, number, renderer, backgrounds=()):
    """Render one image of a data set.

    Args:
        settings: Settings.
        number: of the image, from 0 on; nothing else of the data set has to be made for it.
        renderer: Renderer of the settings' size.
        backgrounds: what `settings.background_files` returned.

    Returns:
        tuple: the image in shape (H, W, 3), uint8, BGR; the list of Person in it; and its Camera.
    """
    scene, view = divmod(number, settings.views)
    # The split's name takes part, so that no person, motion or background is in two splits.
    key = [settings.seed, *settings.split.encode(), scene]
    rng = np.random.default_rng(key)
    actors = make_scene(rng, settings.people, settings.motions)
    camera = make_cameras(rng, actors, settings.size, settings.views)[view]
    image, people = take(np.random.default_rng([*key, view]), actors, camera, renderer, backgrounds)
    return image, people, camera


def _record(person, camera, number, name):
    """Return all labels of a person as JSON takes them, pixels to 1e-4 and metres to 1e-6."""
    return dict(
        image=number,
        imgname=name,
        pixels=person.pixels.round(4).tolist(),
        world=person.world.round(6).tolist(),
        camera=person.camera.round(6).tolist(),
        angles=person.angles,
        bbox=list(map(float, person.bbox)),
        area=person.area,
        motion=person.motion,
        **{name: getattr(camera, name).tolist() for name in CAMERA_LAYOUT},
    )


def _coco(people, settings):
    w, h = settings.size
    return dict(
        info=dict(description='made by spinepose_mm.synthetic', settings=_recorded(settings)),
        images=[dict(id=i, file_name=f'{i:08d}.jpg', width=w, height=h) for i in range(settings.images)],
        categories=[
            dict(
                id=1,
                name='person',
                keypoints=list(skeleton.NAMES),
                skeleton=[[skeleton.index(a) + 1, skeleton.index(b) + 1] for a, b in skeleton.BONES],
            )
        ],
        annotations=[
            dict(
                id=i,
                image_id=person['image'],
                category_id=1,
                iscrowd=0,
                bbox=person['bbox'],
                area=person['area'],
                keypoints=[value for point in person['pixels'] for value in point],
                num_keypoints=sum(point[2] > 0 for point in person['pixels']),
                motion=person['motion'],
            )
            for i, person in enumerate(people)
        ],
    )


def write_npz(path, people):
    """Write 3D labels in SIMSPINE's layout, for all 37 keypoints, with each image's camera beside them."""
    pixels = np.array([person['pixels'] for person in people])
    visible = (pixels[..., 2:] > 0).astype(float)
    boxes = np.array([person['bbox'] for person in people])
    metadata = dict(
        root_name=skeleton.NAMES[skeleton.ROOT],
        root_index=skeleton.ROOT,
        joint_names=list(skeleton.NAMES),
        param_names=list(people[0]['angles']),
        parent_ids=list(skeleton.PARENTS),
    )
    with replacing(path, 'wb') as file:
        np.savez(
            file,
            imgname=np.array([person['imgname'] for person in people]),
            center=boxes[:, :2] + boxes[:, 2:] / 2,
            scale=1.2 * boxes[:, 2:].max(axis=1) / 200,
            part=np.concatenate([pixels[..., :2], visible], axis=-1),
            S=np.concatenate([[person['camera'] for person in people], visible], axis=-1),
            S_world=np.concatenate([[person['world'] for person in people], visible], axis=-1),
            angles=np.array([list(person['angles'].values()) for person in people]),
            metadata=np.array(metadata),
            **{name: np.array([person[name] for person in people]) for name in CAMERA_LAYOUT},
        )


def _write(path, data, part=None):
    with replacing(path, 'wb', part) as file:
        file.write(data)


__getattr__ = deprecated.getter(__name__)
