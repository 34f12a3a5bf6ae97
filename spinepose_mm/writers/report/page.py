"""The words and tables of a report, in HTML."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spinepose_mm import skeleton
from spinepose_mm.analysis import MEASURES, VIEWS, shows
from spinepose_mm.version import __version__
from spinepose_mm.wording import counted

from .figures import RANGES, VIEW_COLORS
from .sketch import sketch
from .style import PAGE, clock
from .table import scrolling, title, with_error

if TYPE_CHECKING:
    from spinepose_mm.analysis.coverage import Coverage
    from spinepose_mm.structures.frame import Frame, People

    from .history import PersonCounts, Shot, Track

_QUALITY = 80  # of JPEG


def begin(name: str, facts: Iterable[str], about: Mapping[str, str], warning: str = '') -> str:
    """Return the beginning of a page.

    Args:
        name: of the input.
        facts: sentences about it.
        about: {title: text} of the models and assumptions.
        warning: what to do where little was measured.
    """
    items = ''.join(f'<dt>{escape(head)}</dt><dd>{escape(text)}</dd>' for head, text in about.items())
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" '
        f'content="width=device-width, initial-scale=1">\n<title>Spine report: {escape(name)}</title>\n'
        f'<style>{PAGE}</style>\n</head>\n<body>\n<h1>Spine report: {escape(name)}</h1>\n'
        f'<p class="facts">{escape(" · ".join(facts))}</p>\n'
        + (f'<p class="warning"><b>Warning:</b> {escape(warning)}.</p>\n' if warning else '')
        + (f'<dl class="about">{items}</dl>\n' if items else '')
        + '<p class="note">Keypoints near the middle of the vertebrae were estimated from the images, and these '
        'are measures between those keypoints. They are not radiographic measurements, and not for diagnosis.'
        '</p>\n'
    )


def nothing_measured(coverage: Coverage, inputs: str = 'frames') -> str:
    """Return in what share of the people's frames nothing could be measured, '' where people are not measured."""
    if not coverage.measures or not coverage.people:
        return ''
    gone = coverage.people - coverage.measured
    return f'nothing could be measured in {100 * gone / coverage.people:.0f} % of the {inputs} with people'


def end(measures: Iterable[str], has_ranges: bool) -> str:
    """Return the end of a page: what the measures mean, and the version of the package.

    Args:
        measures: names of those that the page has.
        has_ranges: whether it shows the ranges of trunk inclination.
    """
    parts = []
    angles = [MEASURES[name] for name in measures if MEASURES[name].plane != 'any']  # lengths need no words
    if angles:
        parts.append(f'<div class="keep"><h3>What the measures mean</h3>\n{sketch()}</div>\n<dl class="meanings">')
        parts += [f'<div><dt>{escape(each.title)}</dt><dd>{escape(each.definition)}</dd></div>' for each in angles]
        parts.append('</dl>')
    if has_ranges:
        parts.append(
            f'<p>The limits of {", ".join(map(str, RANGES[:-1]))} and {RANGES[-1]} degrees of trunk '
            'inclination are those of RULA (1993) and ISO 11226:2000. How long and how often a posture is '
            'taken, support and loads count there too, so that the shares alone are no assessment.</p>'
        )
    parts.append(f'<p>Made by spinepose_mm {__version__}.</p>')
    return '<footer>\n' + '\n'.join(parts) + '\n</footer>\n</body>\n</html>\n'


def element(image: np.ndarray, words: str) -> str:
    """Return an image, (H, W, 3), uint8, BGR, as an element that holds it."""
    data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
    return (
        f'<img src="data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}" alt="{escape(words)}" '
        f'width="{image.shape[1]}" height="{image.shape[0]}">'
    )


def strip(images: Iterable[np.ndarray], shots: Iterable[Shot], colors: Iterable[str]) -> str:
    """Return a person's images in a row, each over the colour of its time."""
    figures = [
        f'<figure>{element(image, f"the person at {clock(shot.time)}")}'
        f'<figcaption style="border-color:{color}">{clock(shot.time)}</figcaption></figure>'
        for image, shot, color in zip(images, shots, colors)
    ]
    return '<div class="strip">\n' + '\n'.join(figures) + '\n</div>\n'


def views(track: Track) -> str:
    """Return a sentence with the share of each view, in the colours of the band."""
    counts = np.bincount(track.views, minlength=len(VIEWS) + 1)[:-1]
    if not counts.any():
        return ''
    chips = [
        f'<span class="chip" style="background:{VIEW_COLORS[VIEWS[i]]}"></span>{VIEWS[i]} '
        f'{100 * counts[i] / counts.sum():.0f} %'
        for i in np.argsort(-counts, kind='stable')
        if counts[i]
    ]
    return (
        f'<p>Seen from:{"".join(chips)}</p>\n<p class="facts">The band under each curve has these colours. Curves '
        'have gaps where the person was not detected, where keypoints are missing or where no spine can be, and '
        'where the camera does not show the plane.</p>\n'
    )


def chart(heading: str, note: str, svg: str, remark: str = '') -> str:
    """Return a chart with its heading, a note on its numbers, and a remark on missing values."""
    return (
        f'<figure class="chart"><h3>{escape(heading)}</h3><p>{escape(note)}</p>\n{svg}'
        + (f'<p class="missing">{escape(remark)}</p>' if remark else '')
        + '</figure>\n'
    )


def apart(charts: Sequence[str]) -> str:
    """Return charts that are not reliable, under a heading that says so, '' where there are none."""
    if not charts:
        return ''
    return (
        '<div class="apart"><div class="keep"><h3>Not reliable from this view</h3>\n<p>The camera does not show '
        'the plane of these curves. They come from what the lifter takes for usual, not from the image, and are in '
        f'no table.</p></div>\n<div class="figures">\n{"".join(charts)}</div></div>\n'
    )


def rarely_visible(counts: PersonCounts, chosen: Iterable[int]) -> str:
    """Return a sentence with the keypoints that were visible in less than half of the frames.

    Args:
        counts: PersonCounts of the person.
        chosen: numbers of the keypoints that count.
    """
    rare = [skeleton.KEYPOINTS[i] for i in chosen if counts.keypoints[i] < counts.frames / 2]
    names = ', '.join(point.level or point.name.replace('_', ' ') for point in rare)
    return f'<p>Keypoints not visible in most of these frames: {names}.</p>\n' if rare else ''


def image_section(frame: Frame, drawn: np.ndarray, units: Mapping[str, str], most: int) -> str:
    """Return an image and a table of the measures of its people, in at most `most` columns."""
    count = len(frame.people)
    more = max(0, count - most)
    left_out = f'<p>{counted(more, "more person is", "more people are")} in the image.</p>\n' if more else ''
    return (
        f'<section class="image">\n<h2>{escape(Path(frame.path).name)}</h2>\n'
        f'<p class="facts">{detected(count)}</p>\n'
        f'<figure>{element(drawn, "the image with its people")}</figure>\n'
        f'{_table_of_people(frame.people, units, count - more)}{left_out}</section>\n'
    )


def _table_of_people(people: People, units: Mapping[str, str], shown: int) -> str:
    """Return a table of views and measures, with a column for each of the first `shown` people; '' without a row."""
    rows = []
    if people.views is not None and shown:
        views = ''.join(f'<td>{view}</td>' for view in people.views[:shown])
        rows.append(f'<tr><th scope="row">seen from</th>{views}</tr>')
    for name, unit in units.items():
        values, errors = (array[:shown] for array in _shown_values(people, name))
        if np.isfinite(values).any():
            cells = ''.join(f'<td>{with_error(value, error, unit)}</td>' for value, error in zip(values, errors))
            rows.append(f'<tr>{title(name, unit)}{cells}</tr>')
    if not rows:
        return ''
    assert people.ids is not None  # the writer numbers people without
    ids = ''.join(f'<th scope="col">id {number}</th>' for number in people.ids[:shown])
    head = f'<thead><tr><th scope="col">Measure</th>{ids}</tr></thead>'
    return scrolling('Measures of the people', f'{head}\n<tbody>\n' + '\n'.join(rows) + '\n</tbody>') + '\n'


def _shown_values(people: People, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return a measure and its errors, (P,) each; the measure is NaN where the view does not show its plane."""
    missing = np.full(len(people), np.nan)
    values, errors = people.measures.get(name, missing), people.measure_errors.get(name, missing)
    if people.views is not None:
        values = np.where(shows(people.views, MEASURES[name].plane), values, np.nan)
    return values, errors


def detected(count: int) -> str:
    """Return the number of people, in words."""
    return counted(count, 'person') if count else 'No detections'
