import subprocess
import sys

import pytest

_ORDERS = {
    'inferencers_before': 'import mmpose.apis',
    'registries_asked_before': 'from mmpose.registry import MODELS, INFERENCERS\n'
    'MODELS.get("RTMCCHead"), INFERENCERS.get("Pose2DInferencer")',
    'inferencers_after': '',
}
_CHECK = """
import spinepose_mm
from mmengine.registry import WEIGHT_INITIALIZERS as OF_MMENGINE
from mmpose import registry
for names, known in dict(
        DATASETS='SpineTrackDataset SimSpineDataset SpineLiftingDataset SpineTrackCombinedDataset',
        DATA_SAMPLERS='SpineMixedSampler', INFERENCERS='SpinePoseInferencer SpinePose3DInferencer',
        METRICS='SpineTrackMetric SpineMPJPE KeypointFile', TRANSFORMS='LoadSpineImage RandomBlur',
        HOOKS='SpineCheckpointHook SpineLossHook SpineStage2Hook', PARAM_SCHEDULERS='SpineWarmUpLR',
        MODELS='SpinePoseEstimator SpinePoseHead SpineUncertaintyHead SpineBoneAngleLoss',
        WEIGHT_INITIALIZERS='SpineHeadExpansion').items():
    for name in known.split():
        assert getattr(registry, names).get(name).__module__.startswith('spinepose_mm.'), name
assert OF_MMENGINE.get('SpineHeadExpansion') is spinepose_mm.models.SpineHeadExpansion
from mmpose.apis import MMPoseInferencer, Pose2DInferencer, inference
for changed in (MMPoseInferencer.__call__, inference.load_checkpoint, Pose2DInferencer._init_model):
    assert changed.__module__.startswith('spinepose_mm.patches.'), changed
"""


@pytest.mark.parametrize('order', _ORDERS)
def test_all_is_registered_whatever_was_imported_before(order, tmp_path):
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', _ORDERS[order] + _CHECK], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_a_registry_imports_when_it_is_asked_and_not_before(tmp_path):
    code = (
        'import sys, spinepose_mm\nfrom mmpose.registry import METRICS\nassert "spinepose_mm.evaluation" not in '
        'sys.modules\nMETRICS.get("SpineTrackMetric")\nassert "spinepose_mm.evaluation" in sys.modules\n'
        'assert "spinepose_mm.inference" not in sys.modules'
    )
    done = subprocess.run([sys.executable, '-W', 'ignore', '-c', code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
