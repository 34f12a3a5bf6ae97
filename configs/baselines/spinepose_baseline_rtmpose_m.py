"""RTMPose-m, trained on COCO, fine-tuned as v2 but without its teacher and anatomical losses."""

_base_ = ['../spinepose_v2_medium.py']

model = dict(
    init_cfg=dict(
        type='SpineHeadExpansion',
        checkpoint='https://download.openmmlab.com/mmpose/v1/projects/rtmposev1/'
        'rtmpose-m_simcc-coco_pt-aic-coco_420e-256x192-d8dd5ca4_20230127.pth',
    ),
    teacher=None,
    head=dict(structure_loss=None, spine_loss=None),
)
