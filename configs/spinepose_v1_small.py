_base_ = ['_base_/spinetrack.py', '_base_/schedule_10e.py']

model = dict(
    backbone=dict(
        deepen_factor=0.33,
        widen_factor=0.5,
        init_cfg=dict(
            type='Pretrained',
            prefix='backbone.',
            checkpoint='https://download.openmmlab.com/mmpose/v1/projects/rtmposev1/'
            'rtmpose-s_simcc-body7_pt-body7-halpe26_700e-256x192-7f134165_20230605.pth')),
    head=dict(in_channels=512))
