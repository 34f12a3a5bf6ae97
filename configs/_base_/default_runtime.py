_base_ = ['mmpose::_base_/default_runtime.py']

custom_imports = dict(imports=['spinepose_mm'], allow_failed_imports=False)
# What MMPose's inferencer reads to choose its class, its pipeline and the person detector.
inferencer = 'SpinePoseInferencer'
dataset_type = 'SpineTrackDataset'
data_mode = 'topdown'

# MMEngine's, for runs that may be killed: whole files, the newest checkpoint, one run in a work folder.
default_hooks = dict(checkpoint=dict(type='SpineCheckpointHook'))
randomness = dict(seed=21)
