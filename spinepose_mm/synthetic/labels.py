"""Labels of rendered people: COCO's JSON of SpineTrack, and SIMSPINE's layout."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spinepose_mm import skeleton
from spinepose_mm.io.atomic import replacing
from spinepose_mm.structures.simspine_layout import CAMERA_LAYOUT

from .settings import Settings, recorded

if TYPE_CHECKING:
    from spinepose_mm.structures.camera import Camera

    from .rendering import Person


def record(person: Person, camera: Camera, number: int, name: str) -> dict[str, Any]:
    """Return all labels of a person as JSON takes them, pixels to 1e-4 and metres to 1e-6."""
    return dict(
        image=number,
        imgname=name,
        pixels=person.pixels.round(4).tolist(),
        world=person.world.round(6).tolist(),
        camera=person.camera.round(6).tolist(),
        angles=person.angles,
        bbox=list(map(float, person.bbox)),
        area=person.area,
        motion=person.motion,
        **{name: getattr(camera, name).tolist() for name in CAMERA_LAYOUT},
    )


def coco(people: Sequence[dict[str, Any]], settings: Settings) -> dict[str, Any]:
    w, h = settings.size
    return dict(
        info=dict(description='made by spinepose_mm.synthetic', settings=recorded(settings)),
        images=[dict(id=i, file_name=f'{i:08d}.jpg', width=w, height=h) for i in range(settings.images)],
        categories=[
            dict(
                id=1,
                name='person',
                keypoints=list(skeleton.NAMES),
                skeleton=[[skeleton.index(a) + 1, skeleton.index(b) + 1] for a, b in skeleton.BONES],
            )
        ],
        annotations=[
            dict(
                id=i,
                image_id=person['image'],
                category_id=1,
                iscrowd=0,
                bbox=person['bbox'],
                area=person['area'],
                keypoints=[value for point in person['pixels'] for value in point],
                num_keypoints=sum(point[2] > 0 for point in person['pixels']),
                motion=person['motion'],
            )
            for i, person in enumerate(people)
        ],
    )


def write_npz(path: str | os.PathLike[str], people: Sequence[Mapping[str, Any]]) -> None:
    """Write 3D labels in SIMSPINE's layout, for all 37 keypoints, with each image's camera beside them."""
    pixels = np.array([person['pixels'] for person in people])
    visible = (pixels[..., 2:] > 0).astype(float)
    boxes = np.array([person['bbox'] for person in people])
    metadata = dict(
        root_name=skeleton.NAMES[skeleton.ROOT],
        root_index=skeleton.ROOT,
        joint_names=list(skeleton.NAMES),
        param_names=list(people[0]['angles']),
        parent_ids=list(skeleton.PARENTS),
    )
    cameras: dict[str, Any] = {name: np.array([person[name] for person in people]) for name in CAMERA_LAYOUT}
    with replacing(path, 'wb') as file:
        np.savez(
            file,
            imgname=np.array([person['imgname'] for person in people]),
            center=boxes[:, :2] + boxes[:, 2:] / 2,
            scale=1.2 * boxes[:, 2:].max(axis=1) / 200,
            part=np.concatenate([pixels[..., :2], visible], axis=-1),
            S=np.concatenate([[person['camera'] for person in people], visible], axis=-1),
            S_world=np.concatenate([[person['world'] for person in people], visible], axis=-1),
            angles=np.array([list(person['angles'].values()) for person in people]),
            metadata=np.array(metadata),
            **cameras,
        )
