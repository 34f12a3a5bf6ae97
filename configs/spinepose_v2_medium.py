_base_ = ['spinepose_v1_medium.py']

model = dict(
    # Not load_from, which `--resume` drops where there is no checkpoint yet.
    init_cfg=dict(
        type='Pretrained',
        checkpoint='https://huggingface.co/dfki-av/spinepose/resolve/main/spinetrack/pytorch/'
        'spinepose-m_32xb256-10e_spinetrack-256x192.pth'))
