_base_ = ['_base_/spinetrack_strong.py', '_base_/schedule_10e.py']

# MMPose's model of the same size with Halpe-26's keypoints, trained on Body8.
body8 = (
    'https://download.openmmlab.com/mmpose/v1/projects/rtmposev1/'
    'rtmpose-m_simcc-body7_pt-body7-halpe26_700e-256x192-4d3e73dd_20230605.pth'
)

model = dict(
    init_cfg=dict(type='SpineHeadExpansion', checkpoint=body8),
    teacher=dict(
        config='mmpose::body_2d_keypoint/rtmpose/body8/rtmpose-m_8xb512-700e_body8-halpe26-256x192.py',
        checkpoint=body8,
        loss_weight=2.5,
    ),
    backbone=dict(deepen_factor=0.67, widen_factor=0.75),
    head=dict(in_channels=768),
)

optim_wrapper = dict(optimizer=dict(weight_decay=0.05))
