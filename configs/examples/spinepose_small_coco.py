"""The small model trained from scratch on COCO's 17 keypoints; the other 20 weigh nothing.

It fits a few dozen people on two CPU cores, to see on real pictures that everything works:

    COCO_ROOT=path/to/coco mim train spinepose_mm spinepose_small_coco.py

COCO_ROOT has annotations/person_keypoints_{train2017,val2017}.json, train2017/ and val2017/.
"""
_base_ = ['../spinepose_v1_small.py']

data_root = '{{$COCO_ROOT:data/coco}}'
max_epochs = 100
base_lr = 1e-3
shared = [(i, i) for i in range(17)]  # COCO's keypoints are the first of SpineTrack's


def coco(split, **kwargs):
    return dict(
        type='CocoDataset',
        data_root=data_root,
        ann_file=f'annotations/person_keypoints_{split}.json',
        data_prefix=dict(img=f'{split}/'),
        pipeline=[dict(type='KeypointConverter', num_keypoints=_base_.num_keypoints, mapping=shared)],
        **kwargs)


# Flips alone: stronger augmentation keeps so small a set from being fitted at all.
train_pipeline = [
    dict(type='LoadSpineImage', skip_broken=True),
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='TopdownAffine', input_size=_base_.codec.input_size),
    dict(type='GenerateTarget', encoder=_base_.codec, use_dataset_keypoint_weights=True),
    dict(type='PackPoseInputs'),
]

model = dict(backbone=dict(init_cfg=None))

train_dataloader = dict(
    batch_size=8,
    num_workers=1,
    dataset=dict(datasets=[coco('train2017')], pipeline=train_pipeline))
val_dataloader = dict(
    batch_size=32,
    num_workers=1,
    dataset=dict(
        _delete_=True,
        type='SpineTrackCombinedDataset',
        datasets=[coco('val2017', test_mode=True)],
        pipeline=_base_.val_pipeline,
        test_mode=True))
test_dataloader = val_dataloader

val_evaluator = dict(
    _delete_=True,
    type='MultiDatasetEvaluator',
    datasets=[coco('val2017')],
    metrics=[dict(type='CocoMetric', pred_converter=dict(num_keypoints=17, mapping=shared))])
test_evaluator = val_evaluator

train_cfg = dict(max_epochs=max_epochs, val_interval=20)
optim_wrapper = dict(optimizer=dict(lr=base_lr))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, by_epoch=False, begin=0, end=100),
    dict(
        type='CosineAnnealingLR',
        eta_min=base_lr * 0.05,
        begin=max_epochs // 2,
        end=max_epochs,
        T_max=max_epochs // 2,
        by_epoch=True,
        convert_to_iter_based=True),
]
custom_hooks = []
default_hooks = dict(checkpoint=dict(interval=10, save_best='coco/AP'), logger=dict(interval=10))
