from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from spinepose_mm.io.atomic import replacing

from .base import Writer, flattened, part_folder, remove_folder

if TYPE_CHECKING:
    from pathlib import Path

    from spinepose_mm.structures.frame import Frame

_ENDING = '_keypoints.json'


class OpenPoseWriter(Writer):
    """OpenPose's JSON: a folder with a file for each frame, `<name of the video or image>_<frame>_keypoints.json`.

    Pose2Sim reads it as it is: the folder's name has 'json' in it (`cam1_json`) and lies in the project's `pose`, and
    `pose_model = 'HALPE_26'` takes the first 26 of the 37 keypoints. Frames of a video that were left out have a file
    without people, so that a file's place among the others is its frame's number.

    `pose_keypoints_2d` are x, y (pixels, 2 decimals) and confidence (4), 0 to 1 as OpenPose's, of all 37 keypoints;
    `pose_keypoints_3d` x, y, z (metres, 5 decimals) and confidence, with their `coordinates`, where people are lifted.
    Keypoints that are missing, or not of the spine with `spine_only`, are 0, 0, 0, as OpenPose's are. `person_id` is
    -1 for people without track ids.

    Raises:
        FileExistsError: the folder is there and holds other files than these; a folder of these is replaced.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._folder = self.ending.enter_context(_replacing_folder(self.path))
        self._next = 0

    def write(self, frame: Frame) -> None:
        people = frame.people
        persons = [
            _person(-1 if people.ids is None else int(people.ids[i]), flat)
            for i, flat in enumerate(flattened(people.keypoints, people.confidence, self.keypoints, 2))
        ]
        content = dict(version=1.3, people=persons)
        if people.points is not None:
            content['coordinates'] = self.coordinates
            for person, flat in zip(persons, flattened(people.points, people.confidence, self.keypoints, 5)):
                person['pose_keypoints_3d'] = flat
        stem = os.path.splitext(os.path.basename(frame.path))[0]
        if self.frame_rate is not None:
            for index in range(self._next, frame.index):
                self._write(stem, index, dict(version=1.3, people=[]))
            self._next = frame.index + 1
        self._write(stem, frame.index, content)

    def _write(self, stem: str, index: int, content: dict[str, Any]) -> None:
        with replacing(f'{self._folder}/{stem}_{index:012d}{_ENDING}') as file:
            file.write(json.dumps(content, separators=(',', ':')) + '\n')


def _person(number: int, keypoints: list[float]) -> dict[str, Any]:
    empty: dict[str, list[float]] = {
        f'{part}_keypoints_{space}': []
        for space in ('2d', '3d')
        for part in ('pose', 'face', 'hand_left', 'hand_right')
    }
    return dict(person_id=[number], **{**empty, 'pose_keypoints_2d': keypoints})


@contextmanager
def _replacing_folder(path: Path) -> Iterator[Path]:
    """Make a folder beside its place; at the end it takes the place, and where something fails it is removed."""
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(f'{path} is a file, where a folder is to be written')
    if path.exists():
        with os.scandir(path) as entries:
            for entry in entries:
                if not entry.name.endswith(_ENDING):
                    raise FileExistsError(
                        f"{path} holds {entry.name}, which is none of OpenPose's files; choose another folder"
                    )
    with part_folder(path) as part:
        yield part
        old = path.with_name(f'{path.name}.old')
        remove_folder(old)
        if path.exists():
            os.replace(path, old)
        os.replace(part, path)
        remove_folder(old)
