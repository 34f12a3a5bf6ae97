"""Any model on Halpe-26 val with the person detections of 56.4 AP, as in the published figures.

    SPINEPOSE_MODEL=spinepose_v1_large.py mim test spinepose_mm spinepose_on_halpe26.py --checkpoint CHECKPOINT

SPINEPOSE_MODEL is the model's config, below this folder or with its whole path.
"""

_base_ = ['{{$SPINEPOSE_MODEL:spinepose_v1_small.py}}', '_base_/halpe26.py']

val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='SpineTrackCombinedDataset',
        datasets=[dict(_base_.halpe_val, bbox_file=_base_.coco_detections)],
        pipeline=_base_.val_pipeline,
        test_mode=True,
    )
)
test_dataloader = val_dataloader
val_evaluator = dict(_delete_=True, **_base_.halpe_evaluator)
test_evaluator = val_evaluator
default_hooks = dict(checkpoint=dict(save_best='halpe26/AP'))
