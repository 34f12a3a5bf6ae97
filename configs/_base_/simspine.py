"""SIMSPINE beside SpineTrack: data sets, the sampler that mixes both in every batch, and the evaluator of both.

A config takes what it needs. The data lie below data/simspine, or in the folder that the variable SIMSPINE_ROOT names:
annotations/simspine_{train,test}.npz, of 15 or of 37 markers (ann_file), and Human3.6M's images in images/. With 15,
MMPose's annotations/h36m_{train,test}.npz adds twelve joints of the limbs (human36m_file, one for each split). What is
labelled then, and the options, stand in docs/data.md.
"""

simspine_root = '{{$SIMSPINE_ROOT:data/simspine}}'

# 2% of the frames are about as many as SpineTrack has people; in the paper, more do not help.
simspine_train = dict(
    type='SimSpineDataset',
    data_root=simspine_root,
    ann_file='annotations/simspine_train.npz',
    data_prefix=dict(img='images/'),
    human36m_file=None,
    fraction=0.02,
)
simspine_val = dict(simspine_train, ann_file='annotations/simspine_test.npz', test_mode=True)

# Of each batch, as many from SpineTrack as from SIMSPINE.
mixed_sampler = dict(type='SpineMixedSampler', ratio=[1, 1])

# AUC of PCK up to 30 pixels of the image, MMPose's normaliser; the paper's is not quoted.
mixed_evaluator = dict(
    type='MultiDatasetEvaluator',
    datasets=[dict(type='SpineTrackDataset'), dict(type='SimSpineDataset')],
    metrics=[dict(type='SpineTrackMetric'), dict(type='AUC', norm_factor=30, prefix='simspine')],
)
