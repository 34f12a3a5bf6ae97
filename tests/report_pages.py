"""Videos with measures, their reports, and what a test reads out of the page."""

import base64
import re

import cv2
import numpy as np
from lxml import etree, html

from result_video import write
from spinepose_mm import skeleton
from spinepose_mm.analysis import MEASURES, VIEWS, shows, units
from spinepose_mm.structures.frame import Frame, People
from spinepose_mm.writers.report.writer import ReportWriter

MEASURED = units(image=True)
SPINE = np.array(skeleton.KEYPOINTS[skeleton.ROOT].color)[::-1]


def video(frames=60, ids=(0,), names=('trunk_inclination', 'kyphosis', 'lateral_deviation'), seed=0, size=(64, 48)):
    """Return frames of people who stay where they are, with random measures that are NaN in every fifth frame."""
    rng = np.random.default_rng(seed)
    image = np.full((size[1], size[0], 3), 90, np.uint8)
    keypoints = rng.uniform(15, 35, (len(ids), 37, 2))
    for i in range(frames):
        measures = {name: rng.normal(20, 30, len(ids)) if i % 5 else np.full(len(ids), np.nan) for name in names}
        people = People(
            keypoints,
            np.full((len(ids), 37), 0.9),
            np.tile([10.0, 10, 40, 40], (len(ids), 1)),
            np.ones(len(ids)),
            np.array(ids, int),
            views=rng.choice(VIEWS, len(ids)),
            measures=measures,
        )
        for name, values in measures.items():  # as the Measurer gives them in an image
            values[~shows(people.views, MEASURES[name].plane)] = np.nan
        yield Frame(i, i / 10, 'videos/some video.mp4', image, people)


def report(path, frames, rate=10.0, **options):
    """Write a report, and return it as a parsed page."""
    return parse(write(ReportWriter, path / 'report.html', frames, rate, **{**dict(measures=MEASURED), **options}))


def parse(path):
    """Return a page, after a look at whether it is well-formed and needs nothing from elsewhere."""
    text = path.read_text(encoding='utf-8')
    root = html.fromstring(text)
    assert not root.xpath('//script | //link | //iframe | //object')
    for each in root.xpath('//*[@src or @href]'):
        assert (each.get('src') or each.get('href')).startswith(('data:image/jpeg;base64,', '#'))
    assert 'url(http' not in text and '@import' not in text
    for svg in re.findall('<svg.*?</svg>', text, re.DOTALL):
        etree.fromstring(svg)
    for tag in ('section', 'table', 'figure', 'div', 'p', 'td', 'tr'):
        assert len(re.findall(f'<{tag}[ >]', text)) == text.count(f'</{tag}>')
    return root


def words(root):
    return ' '.join(' '.join(root.xpath('.//text()[not(parent::style)]')).split())


def persons(root):
    return {int(section.get('id').removeprefix('person-')): section for section in root.find_class('person')}


def table(section):
    """Return {title and unit: the texts of the cells of its row}."""
    return {
        row.xpath('string(th)'): [' '.join(cell.xpath('.//text()')) for cell in row.xpath('td')]
        for row in section.xpath('.//tbody/tr[td]')
    }


def images(root):
    return [
        cv2.imdecode(np.frombuffer(base64.b64decode(src.split(',')[1]), np.uint8), cv2.IMREAD_COLOR)
        for src in root.xpath('//img/@src')
    ]


def panels(root):
    return [svg.xpath('string(@aria-label)') for svg in root.iter('{*}svg', 'svg')]


def whole(value, places=0):
    """Return a number as it is printed, without a negative zero."""
    return f'{round(value, places) + 0.0:.{places}f}'.replace('-', '−')


def from_the_side(frames=40, missing=()):
    """Return frames of a person in 3D before a camera at the left side, with a lean that only the lifter predicts."""
    for i, frame in enumerate(video(frames, names=())):
        frame.people.views[:] = 'left side'
        frame.people.measures = dict(trunk_inclination=np.array([i + 0.2]), trunk_lean=np.array([16.0]))
        frame.people.measure_errors = dict(trunk_inclination=np.array([3.0]), trunk_lean=np.array([9.0]))
        if i in missing:
            frame.people.measures['trunk_inclination'][:] = np.nan
            frame.people.confidence[0, skeleton.index('C7')] = 0.1
        yield frame
