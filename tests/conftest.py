import os
from pathlib import Path

import builders
import pytest

import spinepose_mm  # noqa: F401  (registers the classes)
from mmengine.registry import DefaultScope, init_default_scope

SHARED = Path(os.environ.get('SPINEPOSE_TEST_DATA', Path(__file__).parents[2] / 'shared' / 'data'))


@pytest.fixture(autouse=True)
def mmpose_scope():
    init_default_scope('mmpose')
    yield
    DefaultScope._instance_dict.clear()


@pytest.fixture(scope='session')
def rendered(tmp_path_factory):
    """Folder of a data set of rendered people in SpineTrack's layout: 24 to train on, 8 to test on."""
    root = tmp_path_factory.mktemp('rendered')
    builders.make_data_set(root, 'train', 24, seed=1)
    builders.make_data_set(root, 'val', 8, seed=1)
    return root


def real_pictures(name):
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f'the real pictures of {name} are not there: {folder} (see SPINEPOSE_TEST_DATA)')
    return folder


@pytest.fixture
def coco_mini():
    return real_pictures('coco-mini')


@pytest.fixture
def halpe_mini():
    return real_pictures('halpe-mini')
