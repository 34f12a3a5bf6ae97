import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmpose.models import TopdownPoseEstimator
from mmpose.registry import MODELS

import builders
from spinepose_mm.inference.prediction import predict


def arrays(samples):
    return [(sample.pred_instances.keypoints, sample.pred_instances.keypoint_scores) for sample in samples]


@pytest.mark.parametrize('own', [True, False])
def test_other_settings_are_those_of_a_model_with_them(own):
    """Of MMPose's classes as of this package's, a batch of two; the model keeps its settings."""
    cfg = Config.fromfile(builders.config('spinepose_tiny'))
    cfg.model.init_cfg = cfg.model.backbone.init_cfg = None
    torch.manual_seed(0)
    model = (MODELS.build(cfg.model) if own else builders.stock(cfg.model)).eval()
    assert type(model) is TopdownPoseEstimator or own
    pipeline, rng = Compose(cfg.test_dataloader.dataset.pipeline), np.random.default_rng(0)
    image = rng.integers(0, 255, (120, 90, 3), dtype=np.uint8)
    box = dict(bbox_score=np.ones(1, np.float32), flip_indices=np.arange(37))
    batch = pseudo_collate(
        [pipeline(dict(img=image, bbox=np.array([[x, 5, 80, 110]], np.float32), **box)) for x in (3, 20)]
    )
    with torch.no_grad():
        flipped = arrays(model.test_step(batch))
        np.testing.assert_equal(arrays(predict(model, batch)), flipped)
        once = arrays(predict(model, batch, flip_test=False))
        assert model.test_cfg['flip_test'] is True
        model.test_cfg['flip_test'] = False
        np.testing.assert_equal(arrays(model.test_step(batch)), once)
        np.testing.assert_equal(arrays(predict(model, batch, flip_test=True)), flipped)
    assert np.abs(once[0][0] - flipped[0][0]).max() > 0.1
