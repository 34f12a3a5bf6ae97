import ast

import pytest
import rtoml

from running import mim

pytestmark = pytest.mark.tools


def test_writes_the_file_and_the_settings_for_it(tmp_path):
    done = mim(
        'run',
        'spinepose_mm',
        'export_onnx',
        'spinepose-tiny',
        '--out',
        'a.onnx',
        '--half',
        '--bgr',
        '--pose2sim',
        'settings.toml',
        data=tmp_path,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout
    assert 'a.onnx: 4.6 MB, keypoints within 0.' in done.stdout
    mode = ast.literal_eval(rtoml.load(tmp_path / 'settings.toml')['pose']['mode'])
    assert mode['pose_model'] == (tmp_path / 'a.onnx').as_posix() and mode['pose_input_size'] == [96, 128]


def test_says_what_is_wrong(tmp_path):
    for arguments, message in (
        (['spinepose-tiny', '--pose2sim', 'a.toml'], 'error: --pose2sim needs --bgr'),
        (['spinepose-lifter'], 'error: spinepose-lifter: its head is SpineUncertaintyHead'),
    ):
        done = mim('run', 'spinepose_mm', 'export_onnx', *arguments, '--out', 'a.onnx', data=tmp_path, cwd=tmp_path)
        assert done.returncode and message in done.stdout
    assert not list(tmp_path.iterdir())
