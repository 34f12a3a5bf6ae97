_base_ = ['spinepose_v1_medium.py']

model = dict(backbone=dict(init_cfg=None))
load_from = ('https://huggingface.co/dfki-av/spinepose/resolve/main/spinetrack/pytorch/'
             'spinepose-m_32xb256-10e_spinetrack-256x192.pth')
