"""Calibration files that were tried."""

from bad_inputs.cases import Case
from spinepose_mm.inference import SpinePose3DInferencer

TABLE = """[cam]
size = [64, 48]
matrix = [[60.0, 0.0, 32.0], [0.0, 60.0, 24.0], [0.0, 0.0, 1.0]]
distortions = [-0.2, 0.1, 0.0, 0.0]
rotation = [0.0, 0.0, 0.0]
translation = [0.0, 0.0, 0.0]
"""
YML = """%YAML:1.0
---
image_width: 64
image_height: 48
camera_matrix: !!opencv-matrix
   rows: 3
   cols: 3
   dt: d
   data: [ 60., 0., 32., 0., 60., 24., 0., 0., 1. ]
distortion_coefficients: !!opencv-matrix
   rows: 1
   cols: 4
   dt: d
   data: [ -.2, .1, 0., 0. ]
"""
XML = """<?xml version="1.0"?>
<opencv_storage>
<image_width>64</image_width>
<image_height>48</image_height>
<camera_matrix type_id="opencv-matrix">
  <rows>3</rows>
  <cols>3</cols>
  <dt>d</dt>
  <data>60. 0. 32. 0. 60. 24. 0. 0. 1.</data></camera_matrix>
<distortion_coefficients type_id="opencv-matrix">
  <rows>1</rows>
  <cols>4</cols>
  <dt>d</dt>
  <data>-.2 .1 0. 0.</data></distortion_coefficients>
</opencv_storage>
"""
JSON = """{"image_width": 64, "image_height": 48,
"camera_matrix": {"type_id": "opencv-matrix", "rows": 3, "cols": 3, "dt": "d",
"data": [60.0, 0.0, 32.0, 0.0, 60.0, 24.0, 0.0, 0.0, 1.0]},
"distortion_coefficients": {"type_id": "opencv-matrix", "rows": 1, "cols": 4, "dt": "d",
"data": [-0.2, 0.1, 0.0, 0.0]}}
"""


def use(name, content):
    """Return what takes a file for the camera of a video of 64 x 48 pixels."""

    def run(place):
        (place.folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return SpinePose3DInferencer.space((64, 48), camera=str(place.folder / name)).camera

    return run


def refused(name, content, message):
    return Case(use(name, content), error=f'{name}.*{message}')


def table(old, new, message):
    assert old in TABLE
    return refused('c.toml', TABLE.replace(old, new), message)


def opencv(old, new, message):
    assert old in YML
    return refused('c.yml', YML.replace(old, new), message)


def fine(name, content):
    return Case(use(name, content), result=lambda camera: camera.K[0].tolist() == [60, 0, 32])


CASES = {
    'sound': fine('c.toml', TABLE),
    'sound of OpenCV': fine('c.yml', YML),
    'sound XML': fine('c.xml', XML),
    'sound JSON': fine('c.json', JSON),
    'aliases': opencv('camera_matrix', 'a: &a [1,1,1]\nb: &b [*a,*a]\nc: [*b,*b]\nmatrix', 'camera_matrix is missing'),
    'bad JSON': refused('c.json', '{"image_width":', "is no file of OpenCV's"),
    'binary': refused('c.toml', bytes(range(256)), 'is no TOML'),
    'bomb': opencv('rows: 3', 'rows: 100000', "is no file of OpenCV's"),
    'deep': refused('c.toml', 'a = ' + '[' * 100000, 'is no TOML: it is nested too deeply'),
    'deep JSON': refused('c.json', '{"a": ' + '[' * 100000 + ']' * 100000 + '}', 'more parts than a calibration'),
    'deep XML': refused('c.xml', '<opencv_storage>' + '<a>' * 100000, 'more parts than a calibration'),
    'deep YAML': refused('c.yml', '%YAML:1.0\n---\na: ' + '[' * 100000, 'more parts than a calibration'),
    'dashes': refused('c.yml', '%YAML:1.0\n---\na:\n' + '- ' * 100000, 'more parts than a calibration'),
    'digits': table('60.0', '9' * 5000, '4300 digits'),
    'empty': refused('c.toml', '', "has no table with a camera's matrix"),
    'empty JSON': refused('c.json', '', "is no file of OpenCV's"),
    'fisheye': table('[cam]', '[cam]\nfisheye = true', 'cam.fisheye: fisheye lenses are not supported'),
    'giant': table('60.0', '1' + '0' * 400, 'cam.matrix is no array of numbers: OverflowError'),
    'giant size': table('[64, 48]', '[1e300, 1e300]', 'distortions are of no lens'),
    'matrix of lists': refused('c.json', '{"camera_matrix": [[1, 0], [0, 1]]}', 'camera_matrix is missing, or is no'),
    'nan': table('60.0', 'nan', 'cam.matrix .* finite numbers are expected'),
    'negative': table('60.0', '-60.0', 'matrix and size are of no camera'),
    'no camera': refused('c.toml', '[other]\na = 1\n', "has no table with a camera's matrix"),
    'no number': table('60.0', '"wide"', 'cam.matrix is no array of numbers'),
    'short data': opencv('24., 0., 0., 1. ]', '24. ]', "is no file of OpenCV's"),
    'size of another video': table('[64, 48]', '[48, 64]', 'does not fit: .*48x64'),
    'strange turn': table(
        '[0.0, 0.0, 0.0]\ntranslation',
        '[1e300, 0.0, 0.0]\ntranslation',
        'cam.matrix, distortions, place or size are not finite',
    ),
    'tag': fine('c.yml', YML.replace('!!opencv-matrix\n   rows: 3', '!!python/object/apply:os.system\n   rows: 3')),
    'text as XML': refused('c.xml', 'hello', "is no file of OpenCV's"),
    'two': Case(use('c.toml', TABLE + TABLE.replace('[cam]', '[two]')), error='c.toml.*(two|2 cameras)'),
    'unknown ending': refused('c.ini', TABLE, 'a calibration file is .toml'),
    'wild distortion': table('-0.2', '1e9', 'distortions are of no lens: they move points'),
    'wild distortion of OpenCV': opencv('-.2', '1e9', 'distortions are of no lens: they move points'),
    'zero size': table('[64, 48]', '[0, 0]', 'matrix and size are of no camera'),
}
