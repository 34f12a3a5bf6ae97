import pytest
from mmengine.registry import init_default_scope

import builders
from interrupting import FRAMES
from spinepose_mm.inference import SpinePose3DInferencer, SpinePoseInferencer


@pytest.fixture(scope='session')
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp('video') / 'video.mp4'
    builders.write_video(path, FRAMES)
    return path


@pytest.fixture(scope='session')
def inferencer():
    init_default_scope('mmpose')
    return SpinePoseInferencer('spinepose-tiny', det_model='whole_image', device='cpu')


@pytest.fixture(scope='session')
def lifting():
    init_default_scope('mmpose')
    return SpinePose3DInferencer(
        'spinepose-lifter', pose2d_model='spinepose-tiny', det_model='whole_image', device='cpu'
    )
