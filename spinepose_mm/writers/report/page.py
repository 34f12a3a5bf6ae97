"""The words and tables of a report, in HTML."""

import base64
from html import escape
from pathlib import Path

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

_QUALITY = 80  # of JPEG


def begin(name, facts, about, warning=''):
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


def nothing_measured(coverage, inputs='frames'):
    """Return in what share of the people's frames nothing could be measured, '' where people are not measured."""
    if not coverage.measures or not coverage.people:
        return ''
    gone = coverage.people - coverage.measured
    return f'nothing could be measured in {100 * gone / coverage.people:.0f} % of the {inputs} with people'


def end(measures, has_ranges):
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


def element(image, words):
    """Return an image, (H, W, 3), uint8, BGR, as an element that holds it."""
    data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
    return (
        f'<img src="data:image/jpeg;base64,{base64.b64encode(data).decode()}" alt="{escape(words)}" '
        f'width="{image.shape[1]}" height="{image.shape[0]}">'
    )


def strip(images, shots, colors):
    """Return a person's images in a row, each over the colour of its time."""
    figures = [
        f'<figure>{element(image, f"the person at {clock(shot.time)}")}'
        f'<figcaption style="border-color:{color}">{clock(shot.time)}</figcaption></figure>'
        for image, shot, color in zip(images, shots, colors)
    ]
    return '<div class="strip">\n' + '\n'.join(figures) + '\n</div>\n'


def views(track):
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


def chart(heading, note, svg, remark=''):
    """Return a chart with its heading, a note on its numbers, and a remark on missing values."""
    return (
        f'<figure class="chart"><h3>{escape(heading)}</h3><p>{escape(note)}</p>\n{svg}'
        + (f'<p class="missing">{escape(remark)}</p>' if remark else '')
        + '</figure>\n'
    )


def apart(charts):
    """Return charts that are not reliable, under a heading that says so, '' where there are none."""
    if not charts:
        return ''
    return (
        '<div class="apart"><div class="keep"><h3>Not reliable from this view</h3>\n<p>The camera does not show '
        'the plane of these curves. They come from what the lifter takes for usual, not from the image, and are in '
        f'no table.</p></div>\n<div class="figures">\n{"".join(charts)}</div></div>\n'
    )


def unseen(seen, chosen):
    """Return a sentence with the keypoints that were visible in less than half of the frames.

    Args:
        seen: Seen.
        chosen: numbers of the keypoints that count.
    """
    rare = [skeleton.KEYPOINTS[i] for i in chosen if seen.keypoints[i] < seen.frames / 2]
    names = ', '.join(point.level or point.name.replace('_', ' ') for point in rare)
    return f'<p>Keypoints not visible in most of these frames: {names}.</p>\n' if rare else ''


def image_section(frame, drawn, units, most):
    """Return an image and a table of the measures of its people, in at most `most` columns."""
    people = frame.people
    shown = min(len(people), most)
    rows = (
        []
        if people.views is None or not shown
        else [
            '<tr><th scope="row">seen from</th>'
            + ''.join(f'<td>{view}</td>' for view in people.views[:shown])
            + '</tr>'
        ]
    )
    for name, unit in units.items():
        values = people.measures.get(name, np.full(len(people), np.nan))
        values = values if people.views is None else np.where(shows(people.views, MEASURES[name].plane), values, np.nan)
        errors = people.measure_errors.get(name, np.full(len(people), np.nan))
        values, errors = values[:shown], errors[:shown]
        if np.isfinite(values).any():
            cells = ''.join(f'<td>{with_error(*value, unit)}</td>' for value in zip(values, errors))
            rows.append(f'<tr>{title(name, unit)}{cells}</tr>')
    head = ''.join(f'<th scope="col">id {number}</th>' for number in people.ids[:shown])
    table = (
        scrolling(
            'Measures of the people',
            f'<thead><tr><th scope="col">Measure</th>{head}</tr></thead>\n<tbody>\n' + '\n'.join(rows) + '\n</tbody>',
        )
        + '\n'
        if rows
        else ''
    )
    more = len(people) - shown
    left_out = f'<p>{counted(more, "more person is", "more people are")} in the image.</p>\n' if more else ''
    return (
        f'<section class="image">\n<h2>{escape(Path(frame.path).name)}</h2>\n'
        f'<p class="facts">{detected(len(people))}</p>\n'
        f'<figure>{element(drawn, "the image with its people")}</figure>\n{table}{left_out}</section>\n'
    )


def detected(count):
    """Return the number of people, in words."""
    return counted(count, 'person') if count else 'No detections'
