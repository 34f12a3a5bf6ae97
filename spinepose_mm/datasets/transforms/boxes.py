import numpy as np
from mmpose.datasets.transforms import RandomBBoxTransform
from mmpose.registry import TRANSFORMS
from scipy.special import ndtr, ndtri


@TRANSFORMS.register_module()
class SpineBBoxTransform(RandomBBoxTransform):
    """MMPose's `RandomBBoxTransform`, without the time that SciPy's `truncnorm` takes to check what it is given.

    The numbers are the same: those of the normal distribution at quantiles that are drawn evenly between the ends'.
    """

    @staticmethod
    def _truncnorm(low: float = -1.0, high: float = 1.0, size: int | tuple[int, ...] = ()) -> np.ndarray:
        return ndtri(np.random.uniform(ndtr(low), ndtr(high), size)).astype(np.float32)
