"""Pose models without the person detector, where that cannot be downloaded."""

import logging

from mmengine.logging import print_log


def install(base):
    """Let MMPose's inferencers work offline: the model that is shipped needs no download, but the detector does.

    Args:
        base: MMPose's BaseMMPoseInferencer.
    """
    stock = base._init_detector

    def _init_detector(self, det_model=None, det_weights=None, det_cat_ids=None, device=None):
        try:
            stock(self, det_model, det_weights, det_cat_ids, device)
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

    base._init_detector = _init_detector
