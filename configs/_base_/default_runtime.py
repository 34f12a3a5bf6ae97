_base_ = ['mmpose::_base_/default_runtime.py']

custom_imports = dict(imports=['spinepose_mm'], allow_failed_imports=False)
# What MMPose's inferencer reads to choose its class, its pipeline and the person detector.
inferencer = 'SpinePoseInferencer'
dataset_type = 'SpineTrackDataset'
data_mode = 'topdown'

randomness = dict(seed=21)
