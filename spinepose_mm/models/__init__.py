from .pose_estimator import SpinePoseEstimator

__all__ = ['SpinePoseEstimator']
