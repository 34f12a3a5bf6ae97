"""HRNet-w32 with heatmaps, trained on COCO, fine-tuned on v2's data with MMPose's optimiser for it."""

_base_ = ['../spinepose_v2_small.py']

base_lr = 5e-4
heatmap = dict(type='MSRAHeatmap', input_size=_base_.input_size, heatmap_size=(48, 64), sigma=2)
codec = dict(_delete_=True, **heatmap)

model = dict(
    _delete_=True,
    type='SpinePoseEstimator',
    init_cfg=dict(
        type='SpineHeadExpansion',
        checkpoint='https://download.openmmlab.com/mmpose/v1/body_2d_keypoint/topdown_heatmap/coco/'
        'td-hm_hrnet-w32_8xb64-210e_coco-256x192-81c58e40_20220909.pth',
    ),
    data_preprocessor=_base_.model.data_preprocessor,
    backbone=dict(
        type='HRNet',
        in_channels=3,
        extra=dict(
            stage1=dict(num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(4,), num_channels=(64,)),
            stage2=dict(num_modules=1, num_branches=2, block='BASIC', num_blocks=(4, 4), num_channels=(32, 64)),
            stage3=dict(num_modules=4, num_branches=3, block='BASIC', num_blocks=(4, 4, 4), num_channels=(32, 64, 128)),
            stage4=dict(
                num_modules=3, num_branches=4, block='BASIC', num_blocks=(4, 4, 4, 4), num_channels=(32, 64, 128, 256)
            ),
        ),
    ),
    head=dict(
        type='HeatmapHead',
        in_channels=32,
        out_channels=_base_.num_keypoints,
        deconv_out_channels=None,
        loss=dict(type='KeypointMSELoss', use_target_weight=True),
        decoder=heatmap,
    ),
    test_cfg=dict(flip_test=True, flip_mode='heatmap', shift_heatmap=True),
)

train_pipeline = [dict(step, encoder=heatmap) if 'encoder' in step else step for step in _base_.train_pipeline]
train_dataloader = dict(batch_size=64, dataset=dict(pipeline=train_pipeline))

optim_wrapper = dict(_delete_=True, type='OptimWrapper', optimizer=dict(type='Adam', lr=base_lr))
param_scheduler = [dict(_base_.param_scheduler[0], start_factor=1e-3, end=500), _base_.param_scheduler[1]]
auto_scale_lr = dict(base_batch_size=512)
