from collections.abc import Sequence
from typing import Any

from mmpose.datasets import CombinedDataset
from mmpose.registry import DATASETS

from spinepose_mm import skeleton


@DATASETS.register_module()
class SpineTrackCombinedDataset(CombinedDataset):
    """MMPose's `CombinedDataset` whose metainfo is SpineTrack's.

    MMPose wants the metainfo of a combined data set written out in the config, or in a file beside MMPose's own. Data
    sets with other keypoints bring a `KeypointConverter` to SpineTrack's 37 in their own pipeline.
    """

    METAINFO = skeleton.metainfo()

    def __init__(self, datasets: Sequence[dict[str, Any]], **kwargs: Any) -> None:
        super().__init__(metainfo=self.METAINFO, datasets=datasets, **kwargs)
