"""The models and the assumptions behind results, in words."""

import os
from pathlib import Path

from spinepose_mm.io.paths import legible
from spinepose_mm.lifting.space import HEIGHT
from spinepose_mm.zoo.models import find_model

from .options import LiftingOptions, PoseOptions
from .pose2d_inferencer import SpinePoseInferencer
from .pose3d_inferencer import SpinePose3DInferencer

_LEVEL = "the camera is assumed to be level: the image's y axis is taken for the vertical"


def about(inferencer: SpinePoseInferencer | SpinePose3DInferencer, options: PoseOptions) -> dict[str, str]:
    """Return {title: text} of the models, whether their cards call them unfit for measuring, and the assumptions.

    Args:
        inferencer: SpinePoseInferencer or SpinePose3DInferencer.
        options: PoseOptions, or LiftingOptions where people are lifted.
    """
    if isinstance(inferencer, SpinePose3DInferencer):
        estimator, named = inferencer.pose2d_model, {'Model': inferencer.pose2d_model.named, 'Lifter': inferencer.named}
    else:
        estimator, named = inferencer, {'Model': inferencer.named}
    facts = {title: ' with weights '.join(map(_short, filter(None, names))) for title, names in named.items()}
    unfit = [f'{model} ({reason})' for model, reason in zip(facts.values(), map(_card, named.values())) if reason]
    if unfit:
        facts['Not for measuring'] = '; '.join(unfit)
    if options.bboxes is not None:
        facts['People'] = 'bounding boxes that were given'
    elif estimator.detector is None:
        facts['People'] = 'each image as a whole taken for one person'
    else:
        facts['People'] = 'detected by a person detector'
    facts['Smoothing'] = 'keypoints smoothed over time' if options.smooth else 'none'
    if isinstance(options, LiftingOptions):
        if isinstance(options.height, dict):
            heights = ', '.join(f'id {person}: {value:.3g} m' for person, value in options.height.items())
            height = f'{heights}; others {HEIGHT:g} m'
        else:
            height = f'{options.height:.3g} m'
        facts['Height'] = f'{height} (not measured; lengths are in proportion to it)'
        facts['Camera'] = (
            'calibrated'
            if options.camera is not None
            else f'not calibrated: a diagonal field of view of {options.field_of_view:.3g}° '
            'and no distortion are assumed'
        )
        facts['Upright'] = (
            'estimated from the people and the ground in the first frames' if options.coordinates == 'world' else _LEVEL
        )
    else:
        facts['Upright'] = _LEVEL
    return facts


def _short(name: str) -> str:
    """Return the name of a model, or that of its file without the folder."""
    return legible(Path(name).name) if os.path.exists(name) else name


def _card(named: tuple[str, str | None]) -> str | None:
    """Return why a model's card calls it unfit for measuring, None where it does not, given (name, weights or None)."""
    name, weights = named
    entry = None if weights else find_model(name)
    return entry['Metadata'].get('Not For Measuring') if entry else None
