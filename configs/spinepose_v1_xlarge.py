_base_ = ['_base_/spinetrack_384x288.py', '_base_/schedule_10e.py']

# MMPose's model of the same size with Halpe-26's keypoints, trained on Body8.
body8 = (
    'https://download.openmmlab.com/mmpose/v1/projects/rtmposev1/'
    'rtmpose-x_simcc-body7_pt-body7-halpe26_700e-384x288-7fb6e239_20230606.pth'
)

model = dict(
    init_cfg=dict(type='SpineHeadExpansion', checkpoint=body8),
    teacher=dict(
        config='mmpose::body_2d_keypoint/rtmpose/body8/rtmpose-x_8xb256-700e_body8-halpe26-384x288.py',
        checkpoint=body8,
        loss_weight=2.5,
    ),
    backbone=dict(deepen_factor=1.33, widen_factor=1.25),
    head=dict(in_channels=1280),
)

optim_wrapper = dict(optimizer=dict(weight_decay=0.05))
