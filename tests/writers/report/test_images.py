"""Reports of single images."""

from pathlib import Path

import numpy as np

from report_pages import SPINE, images, report, table, video, whole, words
from spinepose_mm.writers.report.writer import MOST_IMAGES


def as_images(count, people=2):
    for i, frame in enumerate(video(count, range(people), size=(1200, 900))):
        frame.people.ids, frame.time, frame.path = None, np.nan, f'in/{i:03d} & more.jpg'
        frame.people.keypoints, frame.people.boxes = 20 * frame.people.keypoints, 20 * frame.people.boxes
        yield frame


def test_images_are_shown_with_their_measures(tmp_path):
    frames = list(as_images(3))
    page = report(tmp_path, frames, None)
    assert page.xpath('string(//h1)') == 'Spine report: 3 images' and '6 people' in words(page)
    assert [image.shape for image in images(page)] == [(600, 800, 3)] * 3
    assert list(table(page.find_class('image')[0])) == ['seen from']  # nothing else is known of these people
    for frame, section in zip(frames[1:], page.find_class('image')[1:]):
        assert table(section)['seen from'] == frame.people.views.tolist()
        assert Path(frame.path).name in words(section) and 'id 0 id 1' in words(section)
        for name, title in (('kyphosis', 'kyphosis-like angle (°)'), ('lateral_deviation', 'lateral deviation (%)')):
            values = frame.people.measures[name]
            cells = [whole(value, int(title.endswith('(%)'))) if np.isfinite(value) else '–' for value in values]
            assert table(section).get(title, ['–'] * len(cells)) == cells
        assert (np.abs(images(section)[0].astype(int) - SPINE) < 90).all(-1).sum() > 20
    assert 'Spine report: 000 & more.jpg' in words(report(tmp_path, frames[:1], None))


def test_many_images_and_many_people_are_capped(tmp_path):
    page = report(tmp_path, as_images(30, people=8), None)
    assert len(page.find_class('image')) == MOST_IMAGES == 24
    assert '240 people · the first 24 are shown' in words(page)
    assert '2 more people are in the image.' in words(page.find_class('image')[1])
