"""The measures of a spine: their names, units and definitions.

They are measures between keypoints, which lie near the centroids of the vertebral bodies: not radiographic ones, and
not for diagnosis.

Sources:
    [1] Wu et al. (2002), ISB recommendation on definitions of joint coordinate system of various joints for the
        reporting of human joint motion, part I: ankle, hip, and spine, Journal of Biomechanics 35, 543-548.
    [2] ISO 11226 (2000), Ergonomics: evaluation of static working postures.
    [3] McAtamney and Corlett (1993), RULA: a survey method for the investigation of work-related upper limb disorders,
        Applied Ergonomics 24, 91-99; Karhu, Kansi and Kuorinka (1977), Correcting working postures in industry (OWAS),
        Applied Ergonomics 8, 199-201.
    [4] Cobb (1948), Outline for the study of scoliosis: the angle between the end vertebrae of a curve.
    [5] The plumb line from C7 of spine radiographs; here it is the line from C7 to S1, however it stands.
"""

import math
from typing import NamedTuple

from spinepose_mm import deprecated, skeleton

_LEVELS = [skeleton.KEYPOINTS[i].level for i in skeleton.SUBSETS['spine']]
#: Upper and lower end of each part of the spine between two keypoints.
SEGMENTS = tuple(zip(_LEVELS, _LEVELS[1:]))
#: Lower and upper end of the lines whose angles are measured.
LINES = {'trunk': ('S1', 'C7'), 'neck': ('C7', 'C1'), 'thoracic': ('L1', 'C7'), 'lumbar': ('S1', 'L1')}
#: Levels of the keypoints of the curve.
_CURVED = ('C7', 'T3', 'T8', 'L1', 'L3', 'L5', 'S1')


class Measure(NamedTuple):
    """What a measure is.

    Attributes:
        title: for people to read.
        unit: 'deg', '%' or 'mm', of people in space.
        image_unit: of people in an image.
        plane: 'sagittal', 'frontal' or 'any'; an image has to show that plane.
        low, high: range of its values; an angle is above -180 and up to 180.
        turns: whether it is to the vertical, so that a person who turns over goes beyond that range.
        definition: its formula in words.
        source: of the definition.
        levels: of the keypoints that it is made of, of a line the lower one first; none for lengths.
    """

    title: str
    unit: str
    image_unit: str
    plane: str
    low: float
    high: float
    turns: bool
    definition: str
    source: str
    levels: tuple[str, ...] = ()


Measure.picture_unit = deprecated.attribute('picture_unit', 'image_unit')  # type: ignore[attr-defined]  # an old name


def _angle(
    title: str, plane: str, levels: tuple[str, ...], definition: str, source: str, turns: bool = False
) -> Measure:
    return Measure(title, 'deg', 'deg', plane, -180.0, 180.0, turns, definition, source, levels)


def _inclination(title: str, levels: tuple[str, str], source: str = 'as of the trunk') -> Measure:
    """Return the sagittal angle to the vertical of the line between two levels, the lower one first."""
    definition = f'angle of the line {" to ".join(levels)} to the vertical, positive forward'
    return _angle(title, 'sagittal', levels, definition, source, turns=True)


def _lean(title: str, levels: tuple[str, str], source: str = 'as of the trunk') -> Measure:
    """Return the frontal angle to the vertical of the line between two levels, the lower one first."""
    definition = f'angle of the line {" to ".join(levels)} to the vertical, positive to the left'
    return _angle(title, 'frontal', levels, definition, source, turns=True)


def _length(title: str, definition: str) -> Measure:
    return Measure(title, 'mm', 'px', 'any', 0.0, math.inf, False, definition, 'keypoints')


#: Every measure, {name: Measure}.
MEASURES = {
    'trunk_inclination': _inclination('trunk inclination', LINES['trunk'], 'ISO 11226, RULA, OWAS'),
    'neck_inclination': _inclination('neck inclination', LINES['neck']),
    'thoracic_inclination': _inclination('thoracic inclination', LINES['thoracic']),
    'lumbar_inclination': _inclination('lumbar inclination', LINES['lumbar']),
    'neck_flexion': _angle(
        'neck flexion',
        'sagittal',
        ('L1', 'C7', 'C1'),
        'angle of the line C7 to C1 to the line L1 to C7, positive forward',
        'ISB 2002',
    ),
    'thoracolumbar_flexion': _angle(
        'thoracolumbar flexion',
        'sagittal',
        ('S1', 'L1', 'C7'),
        'angle of the line L1 to C7 to the line S1 to L1, positive forward',
        'ISB 2002',
    ),
    'kyphosis': _angle(
        'kyphosis-like angle',
        'sagittal',
        _CURVED,
        'how much further forward the curve S1 to C7 leans at T4 than at T12',
        'Cobb 1948',
    ),
    'lordosis': _angle(
        'lordosis-like angle',
        'sagittal',
        _CURVED,
        'how much further forward the curve S1 to C7 leans at S1 than at L1',
        'Cobb 1948',
    ),
    'trunk_lean': _lean('trunk lean', LINES['trunk'], 'RULA, OWAS'),
    'neck_lean': _lean('neck lean', LINES['neck']),
    'thoracic_lean': _lean('thoracic lean', LINES['thoracic']),
    'lumbar_lean': _lean('lumbar lean', LINES['lumbar']),
    'lateral_deviation': Measure(
        'lateral deviation',
        '%',
        '%',
        'frontal',
        -100.0,
        100.0,
        False,
        'distance of the furthest keypoint from the line S1 to C7, over its length, positive to the left',
        'C7 plumb line',
        _CURVED,
    ),
    'spine_length': _length('spine length', 'sum of the distances from S1 to C1'),
    **{
        f'{upper}_{lower}': _length(f'{upper} to {lower}', f'distance from {upper} to {lower}')
        for upper, lower in SEGMENTS
    },
}


@deprecated.arguments(picture='image')
def units(image: bool = False) -> dict[str, str]:
    """Return {name: unit} of MEASURES, of people in space or in an image."""
    return {name: measure.image_unit if image else measure.unit for name, measure in MEASURES.items()}
