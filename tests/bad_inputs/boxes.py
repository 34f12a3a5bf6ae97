"""Files of boxes that were tried."""

import json

import numpy as np

from bad_inputs.cases import Case
from spinepose_mm.inference.boxes import Boxes
from spinepose_mm.structures.frame import Frame

ONE, HEAD = [1.0, 2, 11, 22], 'frame,x1,y1,x2,y2\n'
GIANT = 10**400


def use(name, content):
    """Return what gives the boxes of the three frames of a video, as an inferencer asks for them."""

    def run(place):
        if content is not None:
            data = content if isinstance(content, (bytes, str)) else json.dumps(content)
            (place.folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
        boxes, found = Boxes(place.folder / name), []
        for index in range(3):
            frame = Frame(index, index / 30, 'clip.mp4')
            boxes.meet(frame)
            found.append(boxes.of(frame).tolist())
        boxes.tell_unused('clip.mp4')
        return found

    return run


def refused(name, content, message):
    return Case(use(name, content), error=name.replace('.', r'\.') + '.*' + message)


def unused(name, content, count):
    return Case(use(name, content), warning=rf'boxes of {count} of \d+ frames or images are of none in clip\.mp4')


def gives(name, content, *expected):
    return Case(use(name, content), result=lambda found: found == list(expected))


_NOT_4, _NONE = 'are not of 4 numbers each', 'is no .csv or .json of boxes'
CASES = {
    'ann': refused('b.json', dict(images=[], annotations=[]), 'holds annotations; what is read are detections'),
    'columns': refused('b.csv', 'a,b\n1,2\n', 'has no column frame; expected are frame '),
    'deep': refused('b.json', b'[' * 100000, f'{_NONE}: it is nested too deeply'),
    'detection without box': refused('b.json', [dict(image_id=0)], "entry 0 is no detection: KeyError: 'bbox'"),
    'detection of a name': refused('b.json', [dict(image_id='a', bbox=ONE)], 'entry 0 is no detection'),
    'detection of a fraction': refused(
        'b.json', [dict(image_id=1.5, bbox=ONE)], 'image_id is a whole number from 0 on, not 1.5'
    ),
    'detection of text': refused(
        'b.json', [dict(image_id=0, bbox='1234')], 'entry 0 is no detection: bbox is not four'
    ),
    'detection and list': refused('b.json', [[ONE], dict(image_id=0, bbox=ONE)], 'entry 0 is no detection'),
    'digits': refused('b.json', '[[[' + '9' * 5000 + ', 1, 2, 3]]]', '4300 digits'),
    'empty': refused('b.csv', '', 'has no column frame'),
    'far': gives('b.csv', f'{HEAD}0,5000,5000,5010,5010\n', [[5000, 5000, 5010, 5010]], [], []),
    'fraction of a frame': refused('b.csv', f'{HEAD}1.5,1,2,11,22\n', "frame is a whole number from 0 on, not '1.5'"),
    'fraction as a key': refused('b.json', {'1.5': [ONE]}, "frame is a whole number from 0 on, not '1.5'"),
    'giant': refused('b.json', [[[GIANT, 1, 2, 3]]] * 3, _NOT_4),
    'giant frame': unused('b.json', [dict(image_id=GIANT, bbox=ONE)], 1),
    'head only': gives('b.csv', HEAD, [], [], []),
    'huge': gives('b.csv', f'{HEAD}0,-1e30,-1e30,1e30,1e30\n', [[-1e30, -1e30, 1e30, 1e30]], [], []),
    'inf': refused('b.csv', f'{HEAD}0,1,2,inf,22\n', 'a box of 0 is not x1, y1, x2, y2'),
    'inf frame': refused('b.csv', f'{HEAD}inf,1,2,11,22\n', 'frame is a whole number from 0 on'),
    'list of one box': refused('b.json', [ONE, ONE, ONE], _NOT_4),
    'longer than the video': unused('b.json', [[ONE]] * 5, 2),
    'many': gives('b.csv', HEAD + '0,1,2,11,22\n' * 200, [ONE] * 200, [], []),
    'missing': Case(use('b.csv', None), error=r'b\.csv'),
    'nan': refused('b.csv', f'{HEAD}0,1,2,nan,22\n', 'a box of 0 is not'),
    'nan in JSON': refused('b.json', '[[[1, 2, NaN, 22]], [], []]', 'a box of frame 0 is not'),
    'nan frame': refused('b.csv', f'{HEAD}nan,1,2,11,22\n', 'frame is a whole number from 0 on'),
    'negative': gives('b.csv', f'{HEAD}0,-5,-5,11,22\n', [[-5, -5, 11, 22]], [], []),
    'negative frame': refused('b.csv', f'{HEAD}-1,1,2,11,22\n', "frame is a whole number from 0 on, not '-1'"),
    'negative key': refused('b.json', {'-1': [ONE]}, "frame is a whole number from 0 on, not '-1'"),
    'no frame at all': unused('b.csv', f'{HEAD}70,1,2,11,22\n71,1,2,11,22\n', 2),
    'null': refused('b.json', 'null', _NONE),
    'null box': refused('b.json', {'0': None}, _NOT_4),
    'number': refused('b.json', '3', _NONE),
    'object': refused('b.json', {'0': dict(x=1)}, _NOT_4),
    'same name twice': refused('b.json', {'a/1.jpg': [ONE], 'b/1.jpg': [ONE]}, 'names a frame or an image twice'),
    'short': refused('b.csv', f'{HEAD}0,1,2\n', 'a box of 0 is not x1, y1, x2, y2'),
    'shorter than the video': refused('b.json', [[ONE]], 'are of 1 frame, and there are more'),
    'strings': refused('b.csv', f'{HEAD}0,a,b,c,d\n', _NOT_4),
    'text frame': refused('b.csv', f'{HEAD}first,1,2,11,22\n', 'line 2 is no row of boxes'),
    'tiny': gives('b.csv', f'{HEAD}0,1,2,1.001,2.001\n', [[1, 2, 1.001, 2.001]], [], []),
    'turned': refused('b.csv', f'{HEAD}0,11,22,1,2\n', 'with x1 < x2 and y1 < y2'),
    'unknown image': unused('b.csv', 'image,x1,y1,x2,y2\nother.jpg,1,2,11,22\n', 1),
    'utf-16': refused('b.csv', f'{HEAD}0,1,2,11,22\n'.encode('utf-16'), _NONE),
    'txt': refused('b.txt', f'{HEAD}0,1,2,11,22\n', 'a file of boxes ends in .csv or .json'),
}
CASES['array of fractions'] = Case(
    lambda place: Boxes(np.full((1, 4), np.nan)), error='bboxes: a box of every frame is not x1, y1, x2, y2'
)
