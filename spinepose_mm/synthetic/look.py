"""Images to check a data set and the body model by eye."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import matplotlib
import numpy as np

from spinepose_mm import skeleton
from spinepose_mm.io.atomic import replacing
from spinepose_mm.io.image import read_image

from . import anatomy
from .body import AXES, Body, cobb, forward, rest


def contact_sheet(
    ann_file: str | os.PathLike[str], out: str | os.PathLike[str], count: int = 16, columns: int = 4
) -> None:
    """Draw the labels on the first images of a data set and lay them out in one.

    Visible keypoints are white, occluded ones black; bones are in their sides' colours, the spine's in pink.

    Args:
        ann_file: annotation file in SpineTrack's layout; the images are read from its data set.
        out: file to write, a JPEG.
    """
    ann_file = Path(ann_file)
    labels = json.loads(ann_file.read_text())
    folder = ann_file.parents[1] / 'images' / ann_file.stem.removeprefix('person_keypoints_')
    tiles = []
    for image in labels['images'][:count]:
        drawn = read_image(folder / image['file_name'])
        for person in labels['annotations']:
            if person['image_id'] == image['id']:
                _draw(drawn, np.array(person['keypoints']).reshape(-1, 3), person['bbox'])
        tiles.append(drawn)
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)]
    with replacing(out, 'wb') as file:
        file.write(cv2.imencode('.jpg', np.vstack(rows))[1])


def _draw(image: np.ndarray, points: np.ndarray, bbox: Sequence[float]) -> None:
    x, y, w, h = map(round, bbox)
    cv2.rectangle(image, (x, y), (x + w, y + h), (255, 255, 255), 1)
    for bone in skeleton.BONES:
        a, b = (points[skeleton.index(name)] for name in bone)
        if a[2] and b[2]:
            start, end = (point[:2].astype(int).tolist() for point in (a, b))
            cv2.line(image, start, end, skeleton.bone_color(bone)[::-1], 1, cv2.LINE_AA)
    for px, py, visible in points:
        if visible:
            cv2.circle(image, (int(px), int(py)), 2, (255, 255, 255) if visible == 2 else (0, 0, 0), -1)


def plot_spine(out: str | os.PathLike[str], body: Body | None = None) -> None:
    """Plot the spine from the side, with its Cobb angles: standing, and at the ends of flexion and extension.

    Args:
        out: file to write.
        body: the Body to show; an average one by default.
    """
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt

    body = body or Body()
    figure, axes = plt.subplots(1, 3, figsize=(11, 5), layout='constrained', sharey=True)
    for panel, (title, part) in zip(axes, (('extended', -1.0), ('standing', 0.0), ('flexed', 1.0))):
        pose = rest()
        pose.update(
            {
                axis: np.full(1, part)
                for axis in AXES
                if axis.endswith('flexion') and axis.split('_')[0] in anatomy.REGIONS.values()
            }
        )
        parts = forward(body, pose)
        names = ('S1', *anatomy.VERTEBRAE)
        points = np.array([parts[name][0][0] for name in names]) - parts['S1'][0][0]
        for name, point in zip(names, points):  # the upper end plate of each vertebra
            half = parts[name][1][0][:2, 0] * 0.018
            panel.plot(*(point[:2, None] + half[:, None] * [-1, 1]), color='.6')
            if name in skeleton.LEVELS:
                panel.annotate(name, point[:2], (8, 0), textcoords='offset points', fontsize=8)
        panel.plot(points[:, 0], points[:, 1], '-o', color='C3', markersize=3)
        panel.set(
            title=f'{title}: lordosis L1–S1 {-cobb(parts, "L1", "S1")[0]:.0f}°, '
            f'kyphosis T4–T12 {cobb(parts, "T4", "T12")[0]:.0f}°',
            xlabel='forward (m)',
            aspect='equal',
        )
        panel.title.set_fontsize(9)
    axes[0].set_ylabel('up from S1 (m)')
    figure.savefig(out, dpi=110)
    plt.close(figure)
