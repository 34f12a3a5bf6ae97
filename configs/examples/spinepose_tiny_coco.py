"""The tiny model, trained on rendered people alone, on COCO's people in their ground-truth boxes.

COCO_ROOT=path/to/coco mim test spinepose_mm spinepose_tiny_coco.py --checkpoint path/to/spinepose_tiny.safetensors
"""

_base_ = ['../spinepose_tiny.py', '../_base_/coco17.py']

val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='SpineTrackCombinedDataset',
        datasets=[_base_.coco_val],
        pipeline=_base_.val_pipeline,
        test_mode=True,
    )
)
test_dataloader = val_dataloader
val_evaluator = dict(_delete_=True, **_base_.coco_evaluator)
test_evaluator = val_evaluator
default_hooks = dict(checkpoint=dict(save_best='coco/AP'))
