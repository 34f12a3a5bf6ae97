"""The small model trained from scratch on COCO's 17 keypoints; the other 20 weigh nothing.

It fits a few dozen people on two CPU cores, to see on real images that everything works:

    COCO_ROOT=path/to/coco mim train spinepose_mm spinepose_small_coco.py
"""

_base_ = ['../spinepose_v1_small.py', '../_base_/coco17.py']

max_epochs = 100
base_lr = 1e-3

# Flips alone: stronger augmentation keeps so small a set from being fitted at all.
train_pipeline = [
    dict(type='LoadSpineImage', skip_broken=True, lazy=True),
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='SpineTopdownAffine', input_size=_base_.codec.input_size, halve=True),
    dict(type='SpineTarget', encoder=_base_.codec, use_dataset_keypoint_weights=True),
    dict(type='PackPoseInputs'),
]

model = dict(init_cfg=None, teacher=None, head=dict(structure_loss=None, spine_loss=None))

train_dataloader = dict(
    batch_size=8, num_workers=1, dataset=dict(datasets=[_base_.coco_train], pipeline=train_pipeline)
)
val_dataloader = dict(
    batch_size=32,
    num_workers=1,
    dataset=dict(
        _delete_=True,
        type='SpineTrackCombinedDataset',
        datasets=[_base_.coco_val],
        pipeline=_base_.val_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(_delete_=True, **_base_.coco_evaluator)
test_evaluator = val_evaluator

train_cfg = dict(max_epochs=max_epochs, val_interval=20)
optim_wrapper = dict(optimizer=dict(lr=base_lr))
param_scheduler = [
    dict(_base_.short_warm_up, epochs=max_epochs / 10),
    dict(_base_.param_scheduler[1], eta_min_ratio=0.05, begin=max_epochs // 2, end=max_epochs, T_max=max_epochs // 2),
]
custom_hooks = []
default_hooks = dict(checkpoint=dict(interval=10, save_best='coco/AP'), logger=dict(interval=10))
