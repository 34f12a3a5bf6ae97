"""The words and tables of a report, in HTML."""
import base64
from html import escape
from pathlib import Path

import cv2
import numpy as np

from spinepose_mm import skeleton
from spinepose_mm.analysis import MEASURES, VIEWS
from spinepose_mm.version import __version__

from .report_figures import RANGES, VIEW_COLORS
from .report_style import clock

_QUALITY = 80  # of JPEG
_DECIMALS = {'%': 1}  # of a unit; none of others
_SIGNS = {'deg': '°'}
_PLANES = {'sagittal': 'Forward and backward (sagittal plane)', 'frontal': 'Sideways (frontal plane)',
           'any': 'Lengths'}
_NEEDED = {'sagittal': 'a view from the side', 'frontal': 'a view from the front or the back'}  # in a picture
_STYLE = '''
body{font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,Verdana,sans-serif;color:#222;background:#fff;
margin:0 auto;max-width:980px;padding:20px 16px 40px}
h1{font-size:26px;line-height:1.2;margin:0 0 4px;overflow-wrap:anywhere}h2{font-size:20px;margin:40px 0 2px;
padding-top:14px;border-top:3px solid #222}h3{font-size:16px;margin:24px 0 6px}p{margin:6px 0}
.facts{color:#555}.note{background:#f3f5f7;border-left:4px solid #0072b2;padding:8px 14px;margin:14px 0}
.chip{display:inline-block;width:.8em;height:.8em;margin:0 .35em 0 .8em;vertical-align:baseline}
.strip{display:grid;grid-template-columns:repeat(8,1fr);gap:4px;margin:12px 0}
.strip figure,.picture figure{margin:0}.strip img,.picture img{display:block;width:100%;height:auto}
.strip figcaption{border-top:5px solid;font-size:12px;padding-top:1px}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(300px,100%),1fr));gap:14px 22px;
align-items:start}
.figures svg{display:block;width:100%;height:auto}.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums;margin:6px 0}
th,td{padding:3px 10px;text-align:right;border-bottom:1px solid #e3e3e3;white-space:nowrap}
th:first-child,td:first-child{text-align:left;padding-left:0}thead th{border-bottom:2px solid #222;font-weight:600}
tbody th{font-weight:400}th.plane{font-weight:600;padding-top:10px}td small{color:#6b6b6b;margin-left:.4em}
dt{font-weight:600;margin-top:6px}dd{margin:0 0 0 1.2em}footer{color:#555;margin-top:36px;font-size:13px}
@media(max-width:640px){.strip{grid-template-columns:repeat(4,1fr)}th,td{padding:3px 7px}}
@page{size:A4;margin:14mm}
@media print{body{font-size:10pt;max-width:none;padding:0;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.person+.person{break-before:page}h2,h3{break-after:avoid}.figures svg,.strip,tr,.picture{break-inside:avoid}
.figures{grid-template-columns:1fr 1fr}.scroll{overflow:visible}}
'''


def begin(name, facts):
    """Return the beginning of a page.

    Args:
        name: of the input.
        facts: sentences about it.
    """
    return (f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" '
            f'content="width=device-width, initial-scale=1">\n<title>Spine report: {escape(name)}</title>\n'
            f'<style>{_STYLE}</style>\n</head>\n<body>\n<h1>Spine report: {escape(name)}</h1>\n'
            f'<p class="facts">{escape(" · ".join(facts))}</p>\n'
            '<p class="note">Keypoints near the middle of the vertebrae were estimated from the pictures, and these '
            'are measures between those keypoints. They are not radiographic measurements, and not for diagnosis.'
            '</p>\n')


def end(measures, has_ranges):
    """Return the end of a page: what the measures mean, and what made the report.

    Args:
        measures: names of those that the page has.
        has_ranges: whether it shows the ranges of trunk inclination.
    """
    parts = []
    angles = [MEASURES[name] for name in measures if MEASURES[name].plane != 'any']  # lengths need no words
    if angles:
        parts.append('<h3>What the measures mean</h3>\n<dl>')
        parts += [f'<dt>{escape(each.title)}</dt><dd>{escape(each.definition)}</dd>' for each in angles]
        parts.append('</dl>')
    if has_ranges:
        parts.append(f'<p>The limits of {", ".join(map(str, RANGES[:-1]))} and {RANGES[-1]} degrees of trunk '
                     'inclination are those of RULA (1993) and ISO 11226:2000. How long and how often a posture is '
                     'taken, support and loads count there too, so that the shares alone are no assessment.</p>')
    parts.append(f'<p>Made by spinepose_mm {__version__}.</p>')
    return '<footer>\n' + '\n'.join(parts) + '\n</footer>\n</body>\n</html>\n'


def image(picture, words):
    """Return a picture, (H, W, 3), uint8, BGR, as an element that holds it."""
    data = cv2.imencode('.jpg', picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
    return (f'<img src="data:image/jpeg;base64,{base64.b64encode(data).decode()}" alt="{escape(words)}" '
            f'width="{picture.shape[1]}" height="{picture.shape[0]}">')


def strip(pictures, shots, colors):
    """Return a person's pictures in a row, each over the colour of its time."""
    figures = [f'<figure>{image(picture, f"the person at {clock(shot.time)}")}'
               f'<figcaption style="border-color:{color}">{clock(shot.time)}</figcaption></figure>'
               for picture, shot, color in zip(pictures, shots, colors)]
    return '<div class="strip">\n' + '\n'.join(figures) + '\n</div>\n'


def views(track):
    """Return a sentence of how long a person was seen from where, with the colours of the band."""
    counts = np.bincount(track.views, minlength=len(VIEWS) + 1)[:-1]
    if not counts.any():
        return ''
    chips = [f'<span class="chip" style="background:{VIEW_COLORS[VIEWS[i]]}"></span>{VIEWS[i]} '
             f'{100 * counts[i] / counts.sum():.0f} %' for i in np.argsort(-counts, kind='stable') if counts[i]]
    return (f'<p>Seen from:{"".join(chips)}</p>\n<p class="facts">The band under each curve has these colours. Curves '
            'have gaps where the person was not found, or where a measure could not be told.</p>\n')


def numbers(track, units, in_picture):
    """Return a table of a person's measures over a film, and sentences of those that could not be told.

    Args:
        track: Track.
        units: {measure: unit}.
        in_picture: whether they are measured in the picture, which has to show their plane.
    """
    rows, missing = ({plane: [] for plane in _PLANES} for _ in range(2))
    for name, unit in units.items():
        row = _row(name, unit, track)
        (rows if row else missing)[MEASURES[name].plane].append(row or MEASURES[name].title)
    parts = []
    if any(rows.values()):
        head = ''.join(f'<th scope="col">{title}</th>' for title in (
            'Measure', 'Least, when', 'Median', 'Most, when', '5th to 95th percentile', 'Known in'))
        parts.append(f'<div class="scroll"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>')
        for plane, lines in rows.items():
            parts += [f'<tr><th class="plane" colspan="6" scope="rowgroup">{_PLANES[plane]}</th></tr>', *lines] \
                if lines else []
        parts.append('</tbody></table></div>')
    for plane, titles in missing.items():
        need = f' (that takes {_NEEDED[plane]})' if in_picture and plane in _NEEDED else ''
        parts += [f'<p>Not told in any frame{need}: {escape(", ".join(titles))}.</p>'] if titles else []
    return '\n'.join(parts) + '\n'


def _row(name, unit, track):
    """Return a measure's row of the table, '' where it is known in no frame."""
    values = track.values(name)
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return ''
    share, values, times = len(known) / len(values), values[known], track.times[known]
    least, most = (f'{_number(values[i], unit)}<small>{clock(times[i])}</small>'
                   for i in (values.argmin(), values.argmax()))
    low, median, high = (_number(value, unit) for value in np.percentile(values, (5, 50, 95)))
    cells = least, median, most, f'{low} to {high}', f'{100 * share:.0f} %'
    return f'<tr>{_title(name, unit)}{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def unseen(seen, chosen):
    """Return a sentence of the keypoints that were seen in less than half of the frames.

    Args:
        seen: Seen.
        chosen: numbers of the keypoints that count.
    """
    rare = [skeleton.KEYPOINTS[i] for i in chosen if seen.keypoints[i] < seen.frames / 2]
    names = ', '.join(point.level or point.name.replace('_', ' ') for point in rare)
    return f'<p>Keypoints not seen in most of these frames: {names}.</p>\n' if rare else ''


def picture(frame, drawn, units, most):
    """Return a picture and a table of the measures of its people, of whom there may be `most` columns."""
    people = frame.people
    shown = min(len(people), most)
    rows = [] if people.views is None or not shown else [
        '<tr><th scope="row">seen from</th>' + ''.join(f'<td>{view}</td>' for view in people.views[:shown]) + '</tr>']
    for name, unit in units.items():
        values = people.measures.get(name, np.full(len(people), np.nan))[:shown]
        if np.isfinite(values).any():
            cells = ''.join(f'<td>{_number(value, unit)}</td>' for value in values)
            rows.append(f'<tr>{_title(name, unit)}{cells}</tr>')
    head = ''.join(f'<th scope="col">id {number}</th>' for number in people.ids[:shown])
    table = (f'<div class="scroll"><table>\n<thead><tr><th scope="col">Measure</th>{head}</tr></thead>\n<tbody>\n'
             + '\n'.join(rows) + '\n</tbody></table></div>\n') if rows else ''
    left_out = f'<p>{len(people) - shown} more people are in the picture.</p>\n' if shown < len(people) else ''
    return (f'<section class="picture">\n<h2>{escape(Path(frame.path).name)}</h2>\n'
            f'<p class="facts">{counted(len(people))}</p>\n'
            f'<figure>{image(drawn, "the picture with its people")}</figure>\n{table}{left_out}</section>\n')


def counted(count):
    """Return how many people there are, in words."""
    return {0: 'Nobody was found', 1: '1 person'}.get(count, f'{count} people')


def _title(name, unit):
    return f'<th scope="row">{escape(MEASURES[name].title)} ({_SIGNS.get(unit, unit)})</th>'


def _number(value, unit):
    """Return a number to read, with a minus sign, and a dash where there is none."""
    text = f'{value:.{_DECIMALS.get(unit, 0)}f}'
    return '–' if not np.isfinite(value) else text.replace('-', '−') if float(text) else text.lstrip('-')
