"""The network: CSPNeXt and RTMPose's SimCC head on 192x256 pixels (w x h), its codec and SpinePose's losses.

A model states its depth and width, the channels of the last feature map, and its teacher.
"""

num_keypoints = 37
input_size = (192, 256)
codec = dict(
    type='SimCCLabel', input_size=input_size, sigma=(4.9, 5.66), simcc_split_ratio=2.0, normalize=False, use_dark=False
)

model = dict(
    type='SpinePoseEstimator',
    data_preprocessor=dict(
        type='PoseDataPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], bgr_to_rgb=True
    ),
    backbone=dict(
        type='mmdet.CSPNeXt',
        arch='P5',
        expand_ratio=0.5,
        out_indices=(4,),
        channel_attention=True,
        norm_cfg=dict(type='SyncBN'),
        act_cfg=dict(type='SiLU'),
    ),
    head=dict(
        type='SpinePoseHead',
        out_channels=num_keypoints,
        input_size=input_size,
        in_featuremap_size=(6, 8),
        simcc_split_ratio=codec['simcc_split_ratio'],
        final_layer_kernel_size=7,
        gau_cfg=dict(
            hidden_dims=256,
            s=128,
            expansion_factor=2,
            dropout_rate=0.0,
            drop_path=0.0,
            act_fn='SiLU',
            use_rel_bias=False,
            pos_enc=False,
        ),
        loss=dict(type='KLDiscretLoss', use_target_weight=True, beta=10.0, label_softmax=True),
        position_weight=1.0,
        structure_loss=dict(type='SpineBoneAngleLoss', loss_weight=0.1),
        spine_loss=dict(type='SpineSmoothingLoss', loss_weight=0.5),
        decoder=codec,
    ),
    test_cfg=dict(flip_test=True),
)
