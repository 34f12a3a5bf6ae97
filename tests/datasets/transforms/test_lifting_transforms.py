"""Transforms of a lifter's input."""

import numpy as np
import pytest
from mmpose.registry import TRANSFORMS

from spinepose_mm import skeleton

SPINE, HIP = list(skeleton.SUBSETS['spine']), skeleton.index('S1')


def test_dropped_keypoints():
    def drop(**options):
        results = dict(keypoints=np.ones((3, 37, 2)), keypoints_visible=np.ones((3, 37)))
        return TRANSFORMS.build(dict(type='DropKeypoints', **options))(results)

    np.random.seed(0)
    assert drop()['keypoints'].all()
    results = drop(prob=0.5)
    kept = results['keypoints_visible'][0] > 0
    assert 8 < kept.sum() < 29
    assert (results['keypoints_visible'] > 0).tolist() == [kept.tolist()] * 3
    assert (results['keypoints'][:, ~kept] == 0).all() and (results['keypoints'][:, kept] == 1).all()
    assert np.flatnonzero(drop(keep='spine')['keypoints_visible'][0]).tolist() == sorted(SPINE)
    with pytest.raises(ValueError, match='keep is out of body, feet, spine, all'):
        drop(keep='tail')


def test_an_image_that_ends_above_the_feet():
    """What is below a random height between S1 and the lowest keypoint is gone, in all frames of the window."""
    np.random.seed(0)
    transform = TRANSFORMS.build(dict(type='DropKeypoints', cut=1.0))
    height = np.linspace(-1, 1, 37).astype(np.float32)
    height[HIP] = 0
    cuts = set()
    for _ in range(20):
        points = np.tile(np.column_stack([np.ones(37), height]), (3, 1, 1)).astype(np.float32)
        results = transform(dict(keypoints=points, keypoints_visible=np.ones((3, 37))))
        kept = results['keypoints_visible'][1] > 0
        assert kept[height <= 0].all() and not kept[height == 1].any()
        assert height[kept].max() < height[~kept].min()
        assert (results['keypoints_visible'] > 0).tolist() == [kept.tolist()] * 3
        cuts.add(kept.sum())
    assert len(cuts) > 5
    blind = dict(keypoints=points * 0, keypoints_visible=np.zeros((3, 37)))
    assert (transform(blind)['keypoints'] == 0).all()


def test_jitter_moves_visible_keypoints():
    np.random.seed(0)
    points = np.random.rand(500, 37, 2).astype(np.float32)
    seen = np.random.rand(500, 37) > 0.3
    results = TRANSFORMS.build(dict(type='JitterKeypoints', std=0.02))(
        dict(keypoints=np.where(seen[..., None], points, 0), keypoints_visible=seen.astype(np.float32))
    )
    off = results['keypoints'] - points
    assert (results['keypoints'][~seen] == 0).all() and 0 < off[seen].std() <= 0.02 * 1.01
    assert results['keypoints'].dtype == np.float32
    nothing = TRANSFORMS.build(dict(type='JitterKeypoints'))(dict(keypoints=points * 0, keypoints_visible=seen * 0.0))
    assert (nothing['keypoints'] == 0).all()
