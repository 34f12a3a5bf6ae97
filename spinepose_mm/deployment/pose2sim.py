"""Settings with which Pose2Sim and Sports2D run a model of this package and know its 37 keypoints."""

import os
from collections.abc import Iterator
from pathlib import Path

from spinepose_mm import skeleton

from .runtime import open_file, read_metadata

#: The person detector of Pose2Sim's own mode 'balanced'.
DETECTOR = dict(
    det_class='YOLOX',
    det_model='https://huggingface.co/datasets/DavidPagnon/rtmlib_models/resolve/main/mmpose/rtmposev1/onnx_sdk/'
    'yolox_m_8xb8-300e_humanart-c2c7a14a.onnx',
    det_input_size=[640, 640],
)
#: Names of the skeleton. Sports2D passes over the tables whose names have CUSTOM in them, when it looks for options.
SKELETON, SKELETON_3D = 'CUSTOM', 'CUSTOM_3D'


def settings_toml(file: str | os.PathLike[str]) -> str:
    """Return what to put into the Config.toml of Pose2Sim or Sports2D, as text.

    Args:
        file: ONNX file that `export_onnx` wrote with `bgr`: these programs feed BGR images.

    Raises:
        ValueError: it is no ONNX file, or its metadata has no BGR order or no input size.
    """
    file = Path(file).absolute()
    said = open_file(file).get_modelmeta().custom_metadata_map
    if said.get('channel_order') != 'BGR' or 'input_size' not in said:
        raise ValueError(f'{file} is not for BGR images, which Pose2Sim and Sports2D feed; export it with bgr')
    size = read_metadata(file, said)['input_size']
    mode = dict(DETECTOR, pose_class='RTMPose', pose_model=file.as_posix(), pose_input_size=size)
    return '\n'.join(
        [
            '# These replace the lines of the same names in [pose].',
            '[pose]',
            f"pose_model = '{SKELETON}'",
            f'mode = """{mode}"""',
            "backend = 'onnxruntime'",
            "device = 'cpu' # or 'cuda'",
            '',
            '# These go to the end.',
            skeleton_toml(),
        ]
    )


def skeleton_toml() -> str:
    """Return the skeleton as TOML: a tree of markers, named as `skeleton.POSE2SIM`, twice.

    Of Pose2Sim 0.10, pose estimation reads the tree out of an array of tables, as Sports2D does, but synchronisation,
    association and triangulation take nothing but a table. So they get it under a name of its own.
    """
    array, table = f'pose.{SKELETON}', f'pose.{SKELETON_3D}'
    return '\n'.join([f'[[{array}]]', *_node(skeleton.ROOT, array), '', f'[{table}]', *_node(skeleton.ROOT, table), ''])


def _node(number: int, table: str) -> Iterator[str]:
    yield f'name = "{skeleton.POSE2SIM[number]}"'
    yield f'id = {number}'
    table = f'{table}.children'
    for child in (i for i, parent in enumerate(skeleton.PARENTS) if parent == number):
        yield f'[[{table}]]'
        yield from _node(child, table)
