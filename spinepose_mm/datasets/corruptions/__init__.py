"""Corruptions of images of people, in five severities: what a benchmark of robustness and an augmentation apply.

Severity 0 is the image itself. Constants are ImageNet-C's (Hendrycks and Dietterich, Benchmarking neural network
robustness to common corruptions and perturbations, ICLR 2019) where that has the corruption. They are meant for an
object that fills 224 x 224 pixels: lengths in pixels are multiplied by `scale_of` the person's box, so that a severity
takes as much from a large person as from a small one.
"""

from .blur import defocus_blur, motion_blur
from .light import darkness, fog, over_exposure
from .occlusion import Cutout, cut_out, hide_by_object, hide_by_person
from .scale import SEVERITIES, scale_of
from .sensor import jpeg, low_resolution, noise
from .truncation import truncate

#: Corruptions that change pixels alone: functions of (image, scale, severity, generator) that return an image.
PIXELS = dict(
    darkness=darkness,
    over_exposure=over_exposure,
    motion_blur=motion_blur,
    defocus_blur=defocus_blur,
    noise=noise,
    jpeg=jpeg,
    fog=fog,
    low_resolution=low_resolution,
)
#: Names of all corruptions, in the order of tables.
CORRUPTIONS = (*PIXELS, 'object_occlusion', 'person_occlusion', 'truncation')

__all__ = [
    'CORRUPTIONS',
    'Cutout',
    'PIXELS',
    'SEVERITIES',
    'cut_out',
    'darkness',
    'defocus_blur',
    'fog',
    'hide_by_object',
    'hide_by_person',
    'jpeg',
    'low_resolution',
    'motion_blur',
    'noise',
    'over_exposure',
    'scale_of',
    'truncate',
]
