from types import SimpleNamespace

import pytest

from spinepose_mm.inference import SpinePose3DInferencer
from spinepose_mm.inference.about import about
from spinepose_mm.inference.options import LiftingOptions, PoseOptions
from spinepose_mm.zoo.models import find_model


def estimator(model='spinepose-tiny', weights=None, detector=None):
    return SimpleNamespace(named=(model, weights), detector=detector)


@pytest.fixture
def lifting():
    inferencer = SpinePose3DInferencer.__new__(SpinePose3DInferencer)
    inferencer.named, inferencer.pose2d_model = ('spinepose-lifter', None), estimator()
    return inferencer


def test_models_and_what_their_cards_say():
    found = about(estimator(), PoseOptions())
    assert found['Model'] == 'spinepose-tiny' and found['Not for measuring'].startswith('spinepose-tiny (trained on')
    assert found['People'] == 'each image as a whole taken for one person' and 'level' in found['Upright']
    assert {'Lifter', 'Height', 'Camera'}.isdisjoint(found)


@pytest.mark.parametrize('model, weights', [('spinepose-tiny', 'mine.pth'), ('spinepose-m', None), ('my.py', None)])
def test_a_card_is_of_its_own_weights(model, weights):
    found = about(estimator(model, weights), PoseOptions())
    assert 'Not for measuring' not in found and model in found['Model'] and (weights or '') in found['Model']


def test_what_a_lifter_takes_for_granted(lifting):
    found = about(lifting, LiftingOptions(height=1.8, bboxes='boxes.csv'))
    assert 'spinepose-lifter (trained on synthetic people' in found['Not for measuring']
    assert found['Height'].startswith('1.8 m (not measured') and 'field of view of 84°' in found['Camera']
    assert found['People'] == 'bounding boxes that were given'
    found = about(lifting, LiftingOptions(height={2: 1.6}, camera='camera.toml', coordinates='world'))
    assert found['Height'].startswith('id 2: 1.6 m; others 1.7 m') and found['Camera'] == 'calibrated'
    assert 'ground' in found['Upright']


def test_the_index_says_what_the_cards_of_the_shipped_weights_do():
    """Both cards have a row 'Not for | measuring'; so has the index, which reports read."""
    for name in ('spinepose-tiny', 'spinepose-lifter'):
        entry = find_model(name)
        assert entry['Weights'].endswith('.safetensors') and 'alone' in entry['Metadata']['Not For Measuring']
    assert find_model('spinepose_tiny.py') == find_model('spinepose-tiny') and find_model('none') is None
