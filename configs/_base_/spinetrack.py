"""The data: SpineTrack below data/spinetrack, or the folder that the variable SPINETRACK_ROOT names."""

_base_ = ['spinepose.py']

data_root = '{{$SPINETRACK_ROOT:data/spinetrack}}'
codec = _base_.codec

# RTMPose's augmentation. Its box and median blur and its coarse dropout come from RandomBlur and RandomCoarseDropout,
# since albumentations, which MMPose uses for them, is archived. Its second stage is a hook of the schedule.
train_pipeline = [
    dict(type='LoadSpineImage', skip_broken=True, lazy=True),
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='RandomHalfBody'),
    dict(type='SpineBBoxTransform', scale_factor=[0.6, 1.4], rotate_factor=80),
    dict(type='SpineTopdownAffine', input_size=codec.input_size, halve=True),
    dict(type='PhotometricDistortion'),
    dict(type='RandomBlur', box_prob=0.1, median_prob=0.1),
    dict(type='RandomCoarseDropout', prob=1.0, size=(0.2, 0.4)),
    dict(type='SpineTarget', encoder=codec, use_dataset_keypoint_weights=True),
    dict(type='PackPoseInputs'),
]
val_pipeline = [
    dict(type='LoadSpineImage', lazy=True),
    dict(type='GetBBoxCenterScale'),
    dict(type='SpineTopdownAffine', input_size=codec.input_size),
    dict(type='PackPoseInputs'),
]


def spinetrack(split, **kwargs):
    return dict(
        type='SpineTrackDataset',
        data_root=data_root,
        ann_file=f'annotations/person_keypoints_{split}.json',
        data_prefix=dict(img=f'images/{split}/'),
        **kwargs,
    )


train_dataloader = dict(
    batch_size=256,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='SpineTrackCombinedDataset',
        datasets=[spinetrack(split) for split in ('train-real-coco', 'train-real-yoga', 'train-unreal')],
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=64,
    num_workers=8,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=spinetrack('val2017', test_mode=True, pipeline=val_pipeline),
)
test_dataloader = val_dataloader

val_evaluator = dict(type='SpineTrackMetric')
test_evaluator = val_evaluator
