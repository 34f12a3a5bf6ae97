import logging
import os
from pathlib import Path

import pytest
from mmengine.logging import MMLogger
from mmengine.registry import DefaultScope, init_default_scope

import builders
import spinepose_mm  # noqa: F401  (registers the classes)

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def mmpose_scope():
    init_default_scope('mmpose')
    yield
    DefaultScope._instance_dict.clear()


@pytest.fixture
def warnings(caplog):
    """What MMEngine's logger warns of."""
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    yield lambda: ' '.join(record.getMessage() for record in caplog.records if record.levelno == logging.WARNING)
    logger.removeHandler(caplog.handler)


@pytest.fixture(scope='session')
def rendered(tmp_path_factory):
    """Folder of a data set of rendered people in SpineTrack's layout: 24 to train on, 8 to test on."""
    root = tmp_path_factory.mktemp('rendered')
    builders.make_data_set(root, 'train', 24, seed=1)
    builders.make_data_set(root, 'val', 8, seed=1)
    return root


def real_images(name):
    """Return the folder of a small set of real images, of which none is in the repository; skip where it is absent."""
    given = os.environ.get('SPINEPOSE_TEST_DATA')
    found = [Path(given, name)] if given else sorted(ROOT.parent.glob(f'*/data/{name}'))
    if not found or not found[0].is_dir():
        pytest.skip(f'the real images {name} are neither below SPINEPOSE_TEST_DATA nor beside the repository')
    return found[0]


@pytest.fixture
def coco_mini():
    return real_images('coco-mini')


@pytest.fixture
def halpe_mini():
    return real_images('halpe-mini')
