"""The SpineTrack skeleton: the one place that knows the 37 keypoints.

Names, vertebral levels, left/right twins, OKS sigmas and joint weights are those of the SpineTrack data set (SpinePose,
CVPR Workshops 2025, arXiv 2504.08110). The first 17 keypoints are COCO's and the first 26 Halpe-26's, in the same
order. The spine's points lie near the centroids of the vertebral bodies, not on the spinous processes.

    >>> from spinepose_mm import skeleton
    >>> skeleton.index('L3'), skeleton.KEYPOINTS[27].name
    (27, 'spine_02')
    >>> [skeleton.KEYPOINTS[i].level for i in skeleton.SUBSETS['spine']]
    ['C1', 'C4', 'C7', 'T3', 'T8', 'L1', 'L3', 'L5', 'S1']
"""

import difflib
from collections.abc import Iterator
from typing import Any, NamedTuple

NAME = 'spinetrack'
PAPER = dict(
    author='Khan, Muhammad Saif Ullah and Krauß, Stephan and Stricker, Didier',
    title='Towards Unconstrained 2D Pose Estimation of the Human Spine',
    container='Proceedings of the IEEE/CVF Conference on Computer Vision and Pattern Recognition Workshops',
    year='2025',
    homepage='https://github.com/dfki-av/spinepose',
)

_MIDDLE, _LEFT, _RIGHT, _SPINE = (51, 153, 255), (0, 255, 0), (255, 128, 0), (255, 51, 153)


class Keypoint(NamedTuple):
    """One keypoint.

    Attributes:
        name: SpineTrack's name, such as 'spine_02'.
        part: 'upper' or 'lower', MMPose's halves of the body for half-body augmentation.
        sigma: OKS sigma; COCO's constants are twice that.
        weight: weight of the keypoint in the training loss.
        level: vertebral level, such as 'L3'; empty off the spine.
    """

    name: str
    part: str
    sigma: float
    weight: float
    level: str = ''

    @property
    def twin(self) -> str:
        """Name of the same keypoint on the other side; empty for those in the middle."""
        for side, other in (('left_', 'right_'), ('right_', 'left_')):
            if self.name.startswith(side):
                return other + self.name[len(side) :]
        return ''

    @property
    def marker(self) -> str:
        """Name of its marker in motion capture, such as 'RBigToe' or 'Spine_02'."""
        if not self.twin:
            return self.name.capitalize()
        side, _, point = self.name.partition('_')
        return side[0].upper() + point.title().replace('_', '')

    @property
    def color(self) -> tuple[int, int, int]:
        """Colour to draw it in, (R, G, B)."""
        if self.level:
            return _SPINE
        return {'left': _LEFT, 'right': _RIGHT}.get(self.name.split('_')[0], _MIDDLE)


def _pair(name: str, part: str, sigma: float, weight: float) -> tuple[Keypoint, Keypoint]:
    return Keypoint('left_' + name, part, sigma, weight), Keypoint('right_' + name, part, sigma, weight)


KEYPOINTS = (
    Keypoint('nose', 'upper', 0.026, 1.0),
    *_pair('eye', 'upper', 0.025, 1.0),
    *_pair('ear', 'upper', 0.035, 1.0),
    *_pair('shoulder', 'upper', 0.079, 1.0),
    *_pair('elbow', 'upper', 0.072, 1.2),
    *_pair('wrist', 'upper', 0.062, 1.5),
    *_pair('hip', 'lower', 0.107, 1.0),
    *_pair('knee', 'lower', 0.087, 1.2),
    *_pair('ankle', 'lower', 0.089, 1.5),
    Keypoint('head', 'upper', 0.026, 1.0),
    Keypoint('neck', 'upper', 0.040, 1.5, 'C7'),
    Keypoint('hip', 'lower', 0.070, 1.5, 'S1'),
    *_pair('big_toe', 'lower', 0.079, 1.2),
    *_pair('small_toe', 'lower', 0.079, 1.2),
    *_pair('heel', 'lower', 0.079, 1.2),
    Keypoint('spine_01', 'upper', 0.10, 1.2, 'L5'),
    Keypoint('spine_02', 'upper', 0.10, 1.2, 'L3'),
    Keypoint('spine_03', 'upper', 0.10, 1.2, 'L1'),
    Keypoint('spine_04', 'upper', 0.08, 1.2, 'T8'),
    Keypoint('spine_05', 'upper', 0.08, 1.2, 'T3'),
    *_pair('latissimus', 'upper', 0.12, 1.0),
    *_pair('clavicle', 'upper', 0.07, 1.2),
    Keypoint('neck_02', 'upper', 0.07, 1.5, 'C4'),
    Keypoint('neck_03', 'upper', 0.06, 1.5, 'C1'),
)
NUM_KEYPOINTS = len(KEYPOINTS)
NAMES = tuple(keypoint.name for keypoint in KEYPOINTS)
SIGMAS = tuple(keypoint.sigma for keypoint in KEYPOINTS)
WEIGHTS = tuple(keypoint.weight for keypoint in KEYPOINTS)
#: Each keypoint's marker in Pose2Sim, Sports2D and OpenSim: Pose2Sim's names of Halpe-26, and SIMSPINE's of the spine.
#: Vertebral levels would not do: Pose2Sim takes what begins with an L for a left marker, so too L5, and where that has
#: no right one it gives up the swap of left and right altogether.
POSE2SIM = tuple(keypoint.marker for keypoint in KEYPOINTS)
#: The keypoint that each marker of SIMSPINE is.
SIMSPINE = {
    'Hip': 'hip',
    'Spine_01': 'spine_01',
    'Spine_02': 'spine_02',
    'Spine_03': 'spine_03',
    'Spine_04': 'spine_04',
    'Spine_05': 'spine_05',
    'Neck': 'neck',
    'Neck_02': 'neck_02',
    'Neck_03': 'neck_03',
    'Head': 'head',
    'Nose': 'nose',
    'LClavicle': 'left_clavicle',
    'RClavicle': 'right_clavicle',
    'LLatissimus': 'left_latissimus',
    'RLatissimus': 'right_latissimus',
}
#: The keypoint that each joint of MMPose's Human3.6M is; its root, spine, thorax, neck and head are other points.
HUMAN36M = (
    '',
    'right_hip',
    'right_knee',
    'right_ankle',
    'left_hip',
    'left_knee',
    'left_ankle',
    '',
    '',
    '',
    '',
    'left_shoulder',
    'left_elbow',
    'left_wrist',
    'right_shoulder',
    'right_elbow',
    'right_wrist',
)
LEVELS = {keypoint.level: keypoint.name for keypoint in KEYPOINTS if keypoint.level}


def index(name: str) -> int:
    """Return the number of a keypoint, given its name ('spine_02') or vertebral level ('L3').

    Raises:
        KeyError: there is no keypoint of that name; the nearest names are listed.
    """
    try:
        return NAMES.index(LEVELS.get(name, name))
    except ValueError:
        near = difflib.get_close_matches(name, [*NAMES, *LEVELS], n=3)
        raise KeyError(f'no keypoint is named {name!r}' + (f'; near: {", ".join(near)}' if near else '')) from None


def _indices(*names: str) -> tuple[int, ...]:
    return tuple(map(index, names))


COCO17, HALPE26 = tuple(range(17)), tuple(range(26))
#: Data sets whose keypoints are the first of these, by their number.
LAYOUTS = {len(COCO17): 'COCO', len(HALPE26): 'Halpe-26', NUM_KEYPOINTS: 'SpineTrack'}
#: Keypoint numbers by name of the subset; the spine's run from top to bottom.
SUBSETS = {
    'body': COCO17,
    'feet': _indices(*(side + point for point in ('big_toe', 'small_toe', 'heel') for side in ('left_', 'right_'))),
    'spine': _indices('C1', 'C4', 'C7', 'T3', 'T8', 'L1', 'L3', 'L5', 'S1'),
    'all': tuple(range(NUM_KEYPOINTS)),
}
#: Number of each keypoint's twin, or its own for those in the middle.
FLIP_INDICES = tuple(index(keypoint.twin or keypoint.name) for keypoint in KEYPOINTS)


def _bones() -> Iterator[tuple[str, str]]:
    for side in ('left_', 'right_'):
        leg = ('hip', side + 'hip', side + 'knee', side + 'ankle')
        yield from zip(leg[1:], leg)
        yield from ((side + foot, side + 'ankle') for foot in ('big_toe', 'small_toe', 'heel'))
        arm = ('spine_05', side + 'clavicle', side + 'shoulder', side + 'elbow', side + 'wrist')
        yield from zip(arm[1:], arm)
        yield from (
            (side + 'latissimus', 'spine_04'),
            (side + 'eye', 'nose'),
            (side + 'ear', side + 'eye'),
            (side + 'ear', side + 'shoulder'),
        )
    yield 'left_eye', 'right_eye'
    yield 'nose', 'head'
    chain = ('head', *(NAMES[i] for i in SUBSETS['spine']))
    yield from zip(chain, chain[1:])


#: Names of the two ends of each bone that is drawn, the one further from S1 first.
BONES = tuple(_bones())
_LENGTHS_OF_SIDE = (
    *(0.1190, 0.4287, 0.4305, 0.1943, 0.1629, 0.0987),  # leg
    *(0.1239, 0.0969, 0.3255, 0.2555, 0.1538),  # arm and latissimus
    *(0.0519, 0.0966, 0.2490),  # face
)
#: Length of each of BONES in a standing adult, metres: those of the mean body of `spinepose_mm.synthetic`.
BONE_LENGTHS = (
    *(*_LENGTHS_OF_SIDE, *_LENGTHS_OF_SIDE),
    *(0.0630, 0.1859, 0.1682),  # face and head
    *(0.0558, 0.0557, 0.0689, 0.1250, 0.1249, 0.0754, 0.0752, 0.0377),  # spine from C1 to S1
)
#: Number of the keypoint that each hangs on, -1 for S1, the root.
PARENTS = tuple(next((index(inner) for outer, inner in BONES if outer == name), -1) for name in NAMES)
#: Number of S1.
ROOT = PARENTS.index(-1)


def bone_color(bone: tuple[str, str]) -> tuple[int, int, int]:
    """Return the (R, G, B) of a bone: its side's, the spine's where both ends are on it, or the middle's."""
    ends = [KEYPOINTS[index(name)] for name in bone]
    if all(end.level for end in ends):
        return _SPINE
    return next((end.color for end in ends if end.twin), _MIDDLE)


def metainfo() -> dict[str, Any]:
    """Return the skeleton as MMPose's pose metainfo, a dict that `parse_pose_metainfo` reads."""
    return dict(
        dataset_name=NAME,
        paper_info=dict(PAPER),
        keypoint_info={
            i: dict(name=point.name, id=i, color=list(point.color), type=point.part, swap=point.twin)
            for i, point in enumerate(KEYPOINTS)
        },
        skeleton_info={i: dict(link=bone, id=i, color=list(bone_color(bone))) for i, bone in enumerate(BONES)},
        joint_weights=list(WEIGHTS),
        sigmas=list(SIGMAS),
    )
