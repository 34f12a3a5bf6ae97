import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmpose.registry import METRICS

from spinepose_mm.io.atomic import locked, replacing


@METRICS.register_module()
class KeypointFile(BaseMetric):
    """Write the predicted keypoints of a test to a file, whole or not at all, to be lifted or triangulated.

    The `.npz` has `imgname` (N,) and `part` (N, K, 3), x and y in pixels and a score, as
    `spinepose_mm.datasets.simspine.npz.read_detections` reads them. There are as many rows as people. Names are the
    annotation's, where that gives them as `img_id`: an image on disk may have another number. Else they are the paths'.

    Args:
        out_file: the `.npz`.
        img_prefix: folder that the images' names are below.
    """

    default_prefix = 'keypoints'

    def __init__(
        self,
        out_file: str | os.PathLike[str],
        img_prefix: str = '',
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.out_file, self.img_prefix = Path(out_file), img_prefix

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        for sample in data_samples:
            prediction = sample['pred_instances']
            name = sample.get('img_id')
            if not isinstance(name, str):
                prefix = os.path.join(os.path.abspath(self.img_prefix), '')
                name = os.path.abspath(sample['img_path']).removeprefix(prefix)
            points = np.concatenate(
                [np.asarray(prediction['keypoints']), np.asarray(prediction['keypoint_scores'])[..., None]], axis=-1
            )
            self.results.append((name.replace(os.sep, '/'), points.astype(np.float32)))

    def compute_metrics(self, results: list[tuple[str, np.ndarray]]) -> dict[str, int]:
        names = [name for name, people in results for _ in people]
        self.out_file.parent.mkdir(parents=True, exist_ok=True)
        with locked(self.out_file), replacing(self.out_file, 'wb') as file:
            np.savez(file, imgname=np.array(names), part=np.concatenate([people for _, people in results]))
        return dict(people=len(names))
