"""Options of an inference that were tried: those that the tool `infer` refuses, and those that the package does."""

import contextlib
import importlib.util
import io
import sys
from pathlib import Path

import numpy as np

from bad_inputs.cases import Case
from spinepose_mm.inference import SpinePose3DInferencer, SpinePoseInferencer, analyse
from spinepose_mm.io.sources import open_source

FRAMES = np.random.default_rng(0).integers(0, 255, (2, 48, 64, 3), dtype=np.uint8)
BOX = np.array([[5.0, 5, 60, 45]])


def count(inputs=FRAMES, **options):
    """Return what looks for people in two frames, or in another input: how many in each."""
    return lambda place: [
        len(frame.people)
        for frame in place.inferencer.follow(
            open_source(inputs, options.get('frame_rate')),
            **{name: value for name, value in options.items() if name != 'frame_rate'},
        )
    ]


def refused(message, **options):
    return Case(count(**options), error=message)


def finds(*counts, **options):
    return Case(count(bboxes=BOX, **options), result=lambda found: found == list(counts))


def space(message, **options):
    return Case(lambda place: SpinePose3DInferencer.space((64, 48), **options), error=message)


def build(message, *args, **options):
    return Case(lambda place: SpinePoseInferencer(*args, **options), error=message)


def written(message, *formats, **options):
    return Case(
        lambda place: analyse(FRAMES, place.folder, place.inferencer, formats=formats, bboxes=BOX, **options),
        error=message,
    )


def tool(message, *words):
    """The tool ends before a model is loaded, with its usage and a line that says why."""

    def run(place):
        place.monkeypatch.setattr(sys, 'argv', ['infer', 'a.mp4', *words])
        path = Path(__file__).parents[2] / 'tools' / 'infer.py'
        spec = importlib.util.spec_from_file_location('infer', path)
        infer = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(infer)
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            try:
                infer.parse()
            except SystemExit as end:
                raise ValueError(said.getvalue().strip().splitlines()[-1]) from end

    return Case(run, error=message)


def shown(place):
    place.monkeypatch.delenv('DISPLAY', raising=False)
    place.monkeypatch.delenv('WAYLAND_DISPLAY', raising=False)
    return analyse(FRAMES, place.folder, place.inferencer, formats=['csv'], bboxes=BOX, show=True)


def boxes_of_other_frames(place):
    path = place.folder / 'boxes.csv'
    path.write_text('frame,x1,y1,x2,y2\n70,5,5,60,45\n')
    return count(bboxes=path)(place)


def unknown_device(place):
    try:
        SpinePoseInferencer('spinepose-tiny', device='abacus', det_model='whole_image')
    except RuntimeError as error:  # torch's, which the tool prints in one line too
        raise ValueError(str(error)) from error


_HEIGHT = 'height is in metres, from .3 to 2.8'
CASES = {
    'box threshold of NaN': refused('bbox_thr is a number from 0 to 1, not nan', bbox_thr=float('nan')),
    'box threshold under 0': refused('bbox_thr is a number from 0 to 1', bbox_thr=-1),
    'overlap of NaN': refused('nms_thr is a number from 0 to 1', nms_thr=float('nan')),
    'boxes of other frames': Case(
        boxes_of_other_frames,
        result=lambda found: found == [0, 0],
        warning=r'boxes\.csv: boxes of 1 of 1 frames or images are of none in',
    ),
    'detect on no frame': refused('detect_every is a whole number', detect_every=0),
    'detect on hardly any frame': Case(count(detect_every=10**9), result=lambda found: found == [1, 1]),
    'detect on a fraction': refused('detect_every is a whole number', detect_every=1.5),
    'rate 0': refused('frame_rate is in frames a second, and over 0', frame_rate=0),
    'rate NaN': refused('frame_rate', frame_rate=float('nan')),
    'rate infinite': refused('frame_rate', frame_rate=float('inf')),
    'rate negative': refused('frame_rate', frame_rate=-5),
    'rate tiny': finds(1, 1, frame_rate=1e-9),
    'subject of no such id': finds(0, 0, subject=99),
    'subject of other words': refused('a subject is', subject='the left one'),
    'subject of a box of NaN': refused('a subject is', subject=(float('nan'), 1, 2, 3)),
    'subject of a turned box': refused('a subject is', subject=(9, 9, 1, 1)),
    'subject of a negative id': refused('a subject is', subject=-1),
    'score of another name': refused('score is out of', score='best'),
    'height 0': space(_HEIGHT, height=0),
    'height NaN': space(_HEIGHT, height=float('nan')),
    'height negative': space(_HEIGHT, height=-1.7),
    'height infinite': space(_HEIGHT, height=float('inf')),
    'height of a name': space(_HEIGHT, height={'a': 1.7}),
    'coordinates': space('coordinates are out of', coordinates='sea'),
    'field of view 0': space('a field of view is between 0 and 180', field_of_view=0),
    'field of view 180': space('a field of view is between 0 and 180', field_of_view=180),
    'field of view NaN': space('a field of view is between 0 and 180', field_of_view=float('nan')),
    'no such camera': space('no calibration file', camera='none.toml'),
    'no such model': build('nothing-of-this-name', 'nothing-of-this-name', device='cpu'),
    'unknown device': Case(unknown_device, error='device type at start of device string: abacus'),
    'folder as a model': build('tests', str(Path(__file__).parents[1]), device='cpu'),
    'no such weights': build('none.pth does not exist', 'spinepose-tiny', 'none.pth', 'cpu', det_model='whole_image'),
    'weights at no address': build(
        r'127\.0\.0\.1', 'spinepose-tiny', 'http://127.0.0.1:9/none.pth', 'cpu', det_model='whole_image'
    ),
    'format of another name': written("there is no format 'pdf'", 'pdf'),
    'markers without 3D': written('TRC files hold markers in metres', 'trc'),
    'a window without a display': Case(shown, error='there is no display'),
    'no such input': Case(lambda place: open_source(place.folder / 'none.mp4'), error=r'none\.mp4 does not exist'),
    'an empty folder': Case(lambda place: open_source(place.folder), error='has no images in it'),
    'tool: detect on no frame': tool('--detect-every is 1 or more', '--detect-every', '0'),
    'tool: world without 3D': tool('--world is of people in 3D: add --3d', '--world'),
    'tool: boxes and a detector': tool('--boxes take the place', '--boxes', 'a.csv', '--det-model', 'rtmdet'),
    'tool: three words for a subject': tool('--subject 1 2 3', '--subject', '1', '2', '3'),
    'tool: format of another name': tool('--formats', '--formats', 'pdf'),
    'tool: text for a number': tool('--bbox-thr', '--bbox-thr', 'high'),
}
