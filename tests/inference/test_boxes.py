import json
import os

import numpy as np
import pytest

from spinepose_mm.inference.boxes import Boxes
from spinepose_mm.structures.frame import Frame

ONE, TWO = [1.0, 2, 11, 22], [3.0, 4, 33, 44]


def of(given, *frames):
    boxes = Boxes(given)
    return [boxes.of(Frame(index, 0.0 if path.endswith('.mp4') else np.nan, path)).tolist() for index, path in frames]


VIDEO = [(0, 'a.mp4'), (1, 'a.mp4'), (2, 'a.mp4')]


def test_arrays_and_lists():
    assert of(np.array([ONE, TWO]), *VIDEO) == [[ONE, TWO]] * 3
    assert of([[ONE], [], np.array([TWO, ONE])], *VIDEO) == [[ONE], [], [TWO, ONE]]
    assert of(np.array([[ONE], [TWO], [ONE]]), *VIDEO) == [[ONE], [TWO], [ONE]]
    with pytest.raises(ValueError, match='bboxes are of 2 frames, and there are more'):
        of([[ONE]] * 2, *VIDEO)


def test_a_list_of_boxes_is_of_one_image():
    for given in ([ONE, TWO], [np.array(ONE), np.float32(TWO)], [[ONE, TWO]]):
        assert Boxes(given, 1).of(Frame(0, np.nan, 'a.jpg')).tolist() == [ONE, TWO]
    assert Boxes([[]], 1).of(Frame(0, np.nan, 'a.jpg')).shape == (0, 4)
    with pytest.raises(ValueError, match='the boxes of frame 0 are not of 4 numbers each'):
        Boxes(ONE, 1).of(Frame(0, np.nan, 'a.jpg'))
    for frames in (0, 2):  # of which it could be meant for any
        with pytest.raises(ValueError, match='the boxes of frame 0 are not of 4 numbers each'):
            Boxes([ONE, TWO], frames).of(Frame(0, np.nan, 'a.jpg'))


def test_csv_by_frame_and_by_image(tmp_path):
    path = tmp_path / 'boxes.csv'
    path.write_text('frame,x1,y1,x2,y2,score\n0,1,2,11,22,.9\n2,3,4,33,44,.5\n2,1,2,11,22,1\n')
    assert of(path, *VIDEO) == [[ONE], [], [TWO, ONE]]
    path.write_text('\ufeffframe,x1,y1,x2,y2\n1.0,1,2,11,22\n')  # as spreadsheets and pandas write it
    assert of(path, *VIDEO) == [[], [ONE], []]
    path.write_text('image,x1,y1,x2,y2\nb.jpg,1,2,11,22\n')
    assert of(str(path), (0, 'x/a.jpg'), (1, 'x/b.jpg')) == [[], [ONE]]


def test_json_of_three_kinds(tmp_path):
    path = tmp_path / 'boxes.json'
    path.write_text(json.dumps([[ONE], [], [TWO]]))
    assert of(path, *VIDEO) == [[ONE], [], [TWO]]
    path.write_text(json.dumps({'x/b.jpg': [ONE], '2': [TWO]}))
    assert of(path, (0, 'a.jpg'), (1, 'b.jpg'), (2, 'c.jpg')) == [[], [ONE], [TWO]]
    path.write_text(
        json.dumps([dict(image_id=139, bbox=[1, 2, 10, 20], score=0.5), dict(image_id=1, bbox=[3, 4, 30, 40])])
    )
    assert of(path, (5, 'val/000000000139.jpg'), (1, '139.mp4'), (2, 'a.mp4')) == [[ONE], [TWO], []]


@pytest.mark.parametrize(
    'name, content, problem',
    [
        ('a.txt', '', r'a\.txt: a file of boxes ends in \.csv or \.json'),
        ('a.json', '{"a": ', r'a\.json is no \.csv or \.json of boxes: Expecting value'),
        ('a.json', '[{"image_id": 1}]', r'a\.json: entry 0 is no detection: KeyError: \'bbox\''),
        ('a.json', '3', r'a\.json is no .* of boxes'),
        ('a.json', '{"images": [], "annotations": []}', r'a\.json holds annotations; what is read are detections'),
        ('a.json', '[{"image_id": "a", "bbox": [1, 2, 3, 4]}]', r'a\.json: entry 0 is no detection: could not convert'),
        ('a.json', '[[1, 2, 3, 4, 5]]', r'a\.json: the boxes of frame 0 are not of 4 numbers each'),
        ('a.json', '[[[1, 2, 3]]]', r'a\.json: the boxes of frame 0 are not of 4 numbers each'),
        ('a.csv', 'frame,x1,y1,x2\n', r'a\.csv has no column y2'),
        ('a.csv', 'frame,x1,y1,x2,y2\n0,1,2,1,4\n', r'a\.csv: a box of 0 is not x1, y1, x2, y2 with x1 < x2'),
        ('a.csv', 'frame,x1,y1,x2,y2\n0,1,2,b,4\n', r'a\.csv: the boxes of 0 are not of 4 numbers each'),
        ('a.csv', 'frame,x1,y1,x2,y2\n0,1,2,nan,4\n', r'a\.csv: a box of 0 is not'),
    ],
)
def test_bad_files(tmp_path, name, content, problem):
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=problem):
        of(tmp_path / name, *VIDEO)


def test_bad_arrays_and_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match='none.csv'):
        Boxes(tmp_path / 'none.csv')
    with pytest.raises(ValueError, match='bboxes: a box of every frame is not'):
        Boxes(np.array([[5.0, 5, 1, 1]]))


def test_boxes_of_frames_that_there_are_not_are_counted_once(tmp_path, warnings):
    path = tmp_path / 'boxes.csv'
    path.write_text('frame,x1,y1,x2,y2\n0,1,2,11,22\n2,1,2,11,22\n')
    message = "boxes.csv: boxes of 1 of 2 frames or images are of none in a.mp4, among them '2'"
    for frames, expected in (([0, 1, 2], ''), ([0], message)):
        boxes = Boxes(path)
        for index in frames:
            boxes.meet(Frame(index, 0.0, 'a.mp4'))  # as of frames whose people are in a cache
        boxes.tell_unused('a.mp4')
        assert expected in warnings() and bool(expected) == bool(warnings())


def test_a_pipe(tmp_path):
    os.mkfifo(tmp_path / 'a.csv')
    with pytest.raises(ValueError, match=r'a\.csv is a pipe'):
        Boxes(tmp_path / 'a.csv')
