"""What this package's inferencers load: models by name, finite weights, and no person detector offline."""

import logging
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log
from mmpose.apis.inferencers.base_mmpose_inferencer import BaseMMPoseInferencer

from spinepose_mm.zoo.checkpoints import check_lifter
from spinepose_mm.zoo.models import find_model


class Loading(BaseMMPoseInferencer):
    """What this package's inferencers have in place of MMPose's loading."""

    def _load_model_from_metafile(self, model: str) -> tuple[Config, str | None]:
        """Return the config of the model that a name or an alias means, and its weights."""
        own = find_model(model)
        if own and own['Weights']:
            return Config.fromfile(own['Config']), own['Weights']
        return super()._load_model_from_metafile(model)

    def _init_model(self, cfg: Any, weights: str | None, device: str = 'cpu') -> Any:
        """Return the model with its weights.

        Raises:
            CheckpointError: a lifter's are not finite.
        """
        model = super()._init_model(cfg, weights, device)
        if weights is not None and not str(weights).endswith('.onnx'):
            check_lifter(model, cfg, weights)
        return model

    def _init_detector(
        self, det_model: Any = None, det_weights: Any = None, det_cat_ids: Any = None, device: str | None = None
    ) -> None:
        """Load the person detector; the default one may be missing, since a shipped model needs no download either."""
        try:
            super()._init_detector(det_model, det_weights, det_cat_ids, device)
        except ConnectionError as error:
            if det_model is not None:
                raise
            print_log(
                f'{error}. Without the person detector, each whole image is taken for one person; '
                "det_model='whole_image' says so without this warning",
                'current',
                logging.WARNING,
            )
            self.detector = None
