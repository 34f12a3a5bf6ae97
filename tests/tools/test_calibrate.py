import re

import pytest

from running import errors, mim

pytestmark = [pytest.mark.tools, pytest.mark.slow]
QUICK = ['test_dataloader.num_workers=0', 'test_dataloader.persistent_workers=False']


def calibrate(*arguments, data, cwd):
    return mim('run', 'spinepose_mm', 'calibrate', *arguments, data=data, cwd=cwd, options=QUICK)


def test_prints_the_two_numbers_and_how_well_they_hold(rendered, tmp_path):
    """The same of an ONNX file as of its checkpoint."""
    exported = mim(
        'run', 'spinepose_mm', 'export_onnx', 'spinepose-tiny', '--out', 'a.onnx', data=rendered, cwd=tmp_path
    )
    assert exported.returncode == 0, exported.stdout
    printed = []
    for weights in ([], ['--weights', 'a.onnx']):
        done = calibrate('spinepose-tiny', *weights, data=rendered, cwd=tmp_path)
        assert done.returncode == 0, errors(done.stdout)
        result = done.stdout[done.stdout.index(' labelled keypoints of 8 people in 8 images') :]
        assert result.count('Expected calibration error: body') == result.count('| Confidence | Keypoints |') == 3
        slope, offset = map(float, re.search(r'calibration=dict\(slope=(.*), offset=(.*)\)\)\)', result).groups())
        assert slope > 0
        printed.append((slope, offset))
    assert printed[1] == pytest.approx(printed[0], abs=0.01)


def test_says_what_is_wrong(rendered, tmp_path):
    done = calibrate('spinepose_demo.py', data=rendered, cwd=tmp_path)
    assert done.returncode and 'error: spinepose_demo.py has no weights of its own; name them with' in done.stdout
