_base_ = ['spinepose_v1_large.py']

model = dict(backbone=dict(init_cfg=None))
load_from = ('https://huggingface.co/dfki-av/spinepose/resolve/main/spinetrack/pytorch/'
             'spinepose-l_32xb256-10e_spinetrack-256x192.pth')
