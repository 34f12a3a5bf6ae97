"""The lifter: 37 keypoints of one frame in normalised camera space to 3D, relative to S1 and in spine lengths.

SIMSPINE's annotations lie below data/simspine, or in the folder that the variable SIMSPINE_ROOT names.
"""

_base_ = ['../_base_/default_runtime.py']

inferencer = 'SpinePose3DInferencer'
num_keypoints = 37
simspine_root = '{{$SIMSPINE_ROOT:data/simspine}}'
max_epochs = 90
batch_size = 256
base_lr = 1e-3

codec = dict(type='ImagePoseLifting', num_keypoints=num_keypoints, root_index=19, reshape_keypoints=True)

model = dict(
    type='PoseLifter',
    backbone=dict(
        type='TCN', in_channels=2 * num_keypoints, stem_channels=512, num_blocks=2, kernel_sizes=(1, 1, 1), dropout=0.1
    ),
    head=dict(
        type='TemporalRegressionHead',
        in_channels=512,
        num_joints=num_keypoints,
        loss=dict(type='MPJPELoss', use_target_weight=True),
        decoder=codec,
    ),
)

pack = dict(
    type='PackPoseInputs', meta_keys=('id', 'category_id', 'target_img_path', 'flip_indices', 'target_root', 'unit')
)
flip = dict(center_mode='static', center_x=0.0)
train_pipeline = [
    dict(type='RandomFlipAroundRoot', keypoints_flip_cfg=flip, target_flip_cfg=flip),
    dict(type='JitterKeypoints', std=0.01),
    dict(type='DropKeypoints', prob=0.05, cut=0.2),
    dict(type='GenerateTarget', encoder=codec),
    pack,
]
val_pipeline = [dict(type='GenerateTarget', encoder=codec), pack]

# A sample is small and computed in a tenth of a millisecond: to pass it between processes would take ten times as long.
train_dataloader = dict(
    batch_size=batch_size,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='SpineLiftingDataset',
        data_root=simspine_root,
        ann_file='annotations/simspine_train.npz',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=batch_size,
    num_workers=0,
    persistent_workers=False,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type='SpineLiftingDataset',
        data_root=simspine_root,
        ann_file='annotations/simspine_test.npz',
        test_mode=True,
        pipeline=val_pipeline,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='SpineMPJPE')
test_evaluator = val_evaluator

train_cfg = dict(max_epochs=max_epochs, val_interval=10)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=base_lr, weight_decay=1e-4))
param_scheduler = [
    dict(
        type='CosineAnnealingLR',
        eta_min_ratio=0.01,
        begin=0,
        end=max_epochs,
        T_max=max_epochs,
        by_epoch=True,
        convert_to_iter_based=True,
    )
]
auto_scale_lr = dict(base_batch_size=batch_size)
default_hooks = dict(checkpoint=dict(interval=10, save_best='lifting/spine_MPJPE', rule='less', max_keep_ckpts=2))
