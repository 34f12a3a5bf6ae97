"""A short video of two people as inference gives it, and its writing to files."""

import numpy as np

from spinepose_mm import skeleton
from spinepose_mm.lifting import Camera
from spinepose_mm.structures.frame import Frame, People, no_people
from spinepose_mm.synthetic import Body, forward, keypoints, sequence

RATE = 25.0
CAMERA = Camera.looking([1, 1.4, 4], [0, 1, 0], 40, (640, 480))
#: Options of a writer for this video.
LIFTED = dict(coordinates='world', measures=dict(trunk_lean='deg', sway='%'))
#: The frames out of 8 that each person is in: the first has no people, 7 comes late and is away in between.
PRESENCE = {3: (1, 2, 3, 4, 5, 6, 7), 7: (3, 4, 6, 7)}
UNLIFTED = 4  # frame in which person 7 has no place in 3D


def walk(seed, frames=8):
    """Return the keypoints of a person who walks, (frames, 37, 3), metres, Y up."""
    rng = np.random.default_rng(seed)
    body = Body.sample(rng)
    return keypoints(body, forward(body, sequence('walk', body, rng, frames / RATE, RATE)))


def make_people(ids, points, coordinates=None, seed=0):
    """Return People seen by CAMERA, whose left wrists are not visible, with points in these coordinates or none."""
    rng, count = np.random.default_rng(seed), len(ids)
    pixels = CAMERA.project(points)
    scores = rng.uniform(0.5, 1, points.shape[:2])
    scores[:, skeleton.index('left_wrist')] = 0.1
    people = People(
        pixels,
        scores,
        np.concatenate([pixels.min(1) - 5, pixels.max(1) + 5], axis=1),
        rng.uniform(0.7, 1, count),
        np.array(ids),
        views=np.array(['left', 'front'])[:count],
        measures=dict(trunk_lean=rng.normal(0, 30, count), sway=np.full(count, np.nan)),
    )
    if coordinates:
        people.points = points if coordinates == 'world' else CAMERA.to_camera(points)
        people.point_errors = rng.uniform(0.01, 0.05, scores.shape)
        people.reprojection_errors = rng.uniform(1, 3, count)
    return people


def make_video(coordinates=None):
    """Return the 8 Frames of a video with two people, who are lifted where coordinates are given."""
    places = {number: walk(number) + [number / 10, 0, 0] for number in PRESENCE}
    frames = []
    for i in range(8):
        ids = [number for number in PRESENCE if i in PRESENCE[number]]
        people = make_people(ids, np.stack([places[n][i] for n in ids]), coordinates, i) if ids else no_people()
        if coordinates and i == UNLIFTED:
            people.points[ids.index(7)] = people.point_errors[ids.index(7)] = np.nan
        frames.append(Frame(i, i / RATE, 'videos/side view.mp4', people=people))
    return frames


def write(writer, path, frames, frame_rate=RATE, **options):
    """Write Frames to a path with a class of writer and its options, and return the path."""
    writer = writer(path, frame_rate, **options)
    try:
        for frame in frames:
            writer.write(frame)
    finally:
        writer.close()
    return path
