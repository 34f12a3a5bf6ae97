"""ViTPose-b, trained on COCO, fine-tuned on v2's data with MMPose's optimiser for it. It needs the extra `vitpose`."""

_base_ = ['spinepose_baseline_hrnet_w32.py']

heatmap = dict(type='UDPHeatmap', input_size=_base_.input_size, heatmap_size=(48, 64), sigma=2)
codec = dict(_delete_=True, **heatmap)
custom_imports = dict(
    imports=['spinepose_mm', 'mmpretrain.models', 'mmpose.engine.optim_wrappers.layer_decay_optim_wrapper']
)

model = dict(
    init_cfg=dict(
        checkpoint='https://download.openmmlab.com/mmpose/v1/body_2d_keypoint/topdown_heatmap/coco/'
        'td-hm_ViTPose-base_8xb64-210e_coco-256x192-216eae50_20230314.pth'
    ),
    backbone=dict(
        _delete_=True,
        type='mmpretrain.VisionTransformer',
        arch='base',
        img_size=(256, 192),
        patch_size=16,
        qkv_bias=True,
        drop_path_rate=0.3,
        with_cls_token=False,
        out_type='featmap',
        patch_cfg=dict(padding=2),
    ),
    head=dict(
        in_channels=768,
        deconv_out_channels=(256, 256),
        deconv_kernel_sizes=(4, 4),
        decoder=dict(_delete_=True, **heatmap),
    ),
    test_cfg=dict(shift_heatmap=False),
)

train_pipeline = [
    dict(step, use_udp=True)
    if step['type'] == 'SpineTopdownAffine'
    else dict(step, encoder=heatmap)
    if 'encoder' in step
    else step
    for step in _base_.train_pipeline
]
val_pipeline = [
    dict(step, use_udp=True) if step['type'] == 'SpineTopdownAffine' else step for step in _base_.val_pipeline
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = val_dataloader

optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=_base_.base_lr, betas=(0.9, 0.999), weight_decay=0.1),
    constructor='LayerDecayOptimWrapperConstructor',
    paramwise_cfg=dict(
        num_layers=12,
        layer_decay_rate=0.75,
        custom_keys=dict(
            bias=dict(decay_mult=0.0),
            pos_embed=dict(decay_mult=0.0),
            relative_position_bias_table=dict(decay_mult=0.0),
            norm=dict(decay_mult=0.0),
        ),
    ),
    clip_grad=dict(max_norm=1.0, norm_type=2),
)
