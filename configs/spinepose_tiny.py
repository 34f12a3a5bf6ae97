"""A model of 2.3M parameters for 96x128 pixels (w x h), trained on rendered people alone, whose weights are shipped.

It is the small model without the backbone's last stage: with few and small steps, SimCC learns on the 6x8 cells of
stride 16 what it does not on 3x4. The data are those of `synthesize`, in the folder that the variable SPINETRACK_ROOT
names.
"""

_base_ = ['spinepose_v1_small.py']

data_root = '{{$SPINETRACK_ROOT:data/synthetic}}'
input_size = (96, 128)
codec = dict(_base_.codec, input_size=input_size, sigma=(3.0, 3.4))
max_epochs = 10
base_lr = 1e-3


def rendered(split, **kwargs):
    return dict(
        type='SpineTrackDataset',
        data_root=data_root,
        ann_file=f'annotations/person_keypoints_{split}.json',
        data_prefix=dict(img=f'images/{split}/'),
        **kwargs,
    )


train_pipeline = [
    dict(type='LoadSpineImage', skip_broken=True, lazy=True),
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='SpineBBoxTransform', shift_factor=0.1, scale_factor=[0.75, 1.25], rotate_factor=40),
    dict(type='SpineTopdownAffine', input_size=input_size, halve=True),
    dict(type='PhotometricDistortion'),
    dict(type='SpineTarget', encoder=codec, use_dataset_keypoint_weights=True),
    dict(type='PackPoseInputs'),
]
val_pipeline = [
    dict(type='LoadSpineImage', lazy=True),
    dict(type='GetBBoxCenterScale'),
    dict(type='SpineTopdownAffine', input_size=input_size),
    dict(type='PackPoseInputs'),
]

model = dict(
    init_cfg=None,
    teacher=None,
    backbone=dict(
        # (in channels, out channels, blocks, shortcuts, spatial pyramid pooling) of each stage
        arch_ovewrite=[(64, 128, 3, True, False), (128, 256, 6, True, False), (256, 512, 6, False, True)],
        out_indices=(3,),
    ),
    head=dict(
        in_channels=256,
        input_size=input_size,
        in_featuremap_size=(6, 8),
        structure_loss=None,
        spine_loss=None,
        # Fitted for the shipped weights; None, or numbers of the tool `calibrate`, for weights of your own.
        calibration=dict(slope=1.983, offset=6.266),
        decoder=codec,
    ),
)

train_dataloader = dict(batch_size=16, num_workers=1, dataset=rendered('train', pipeline=train_pipeline, _delete_=True))
val_dataloader = dict(
    batch_size=50, num_workers=1, dataset=rendered('val', test_mode=True, pipeline=val_pipeline, _delete_=True)
)
test_dataloader = val_dataloader

train_cfg = dict(max_epochs=max_epochs, val_interval=2)
optim_wrapper = dict(optimizer=dict(lr=base_lr))
param_scheduler = [
    dict(_base_.short_warm_up, epochs=max_epochs / 10),
    dict(_base_.param_scheduler[1], eta_min_ratio=0.05, begin=max_epochs // 2, end=max_epochs, T_max=max_epochs // 2),
]
custom_hooks = []
