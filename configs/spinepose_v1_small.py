_base_ = ['_base_/spinetrack.py', '_base_/schedule_10e.py']

# MMPose's model of the same size with Halpe-26's keypoints, trained on Body8.
body8 = (
    'https://download.openmmlab.com/mmpose/v1/projects/rtmposev1/'
    'rtmpose-s_simcc-body7_pt-body7-halpe26_700e-256x192-7f134165_20230605.pth'
)

model = dict(
    init_cfg=dict(type='SpineHeadExpansion', checkpoint=body8),
    teacher=dict(
        config='mmpose::body_2d_keypoint/rtmpose/body8/rtmpose-s_8xb1024-700e_body8-halpe26-256x192.py',
        checkpoint=body8,
        loss_weight=2.5,
    ),
    backbone=dict(deepen_factor=0.33, widen_factor=0.5),
    head=dict(in_channels=512),
)
