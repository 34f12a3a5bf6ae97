"""The table of a person's measures in a report."""

from html import escape

import numpy as np

from spinepose_mm.analysis import MEASURES

from .missing import BIASED, LEAST_MISSING
from .style import clock

_DECIMALS = {'%': 1}  # of a unit; none of others
_SIGNS = {'deg': '°'}
_PLANES = {'sagittal': 'Forward and backward (sagittal plane)', 'frontal': 'Sideways (frontal plane)', 'any': 'Lengths'}
_NEEDED = {'sagittal': 'a view from the side', 'frontal': 'a view from the front or the back'}
_COLUMNS = '5th percentile, when', 'Median', '95th percentile, when', 'Known in'
PERCENTILES = 5, 95


def numbers(track, units, find_missing):
    """Return a table of a person's measures over a video, and sentences on those without a value.

    Args:
        track: Track.
        units: {measure: unit}.
        find_missing: function from a measure's name to its Missing.
    """
    rows, unknown = ({plane: [] for plane in _PLANES} for _ in range(2))
    has_errors = has_bounds = False
    for name, unit in units.items():
        values = track.values(name)
        if not np.isfinite(values).any():
            unknown[MEASURES[name].plane].append(MEASURES[name].title)
            continue
        gaps = find_missing(name) if MEASURES[name].plane != 'any' else None
        has_errors |= bool(np.isfinite(track.errors(name)).any())
        has_bounds |= gaps is not None and gaps.share >= LEAST_MISSING
        rows[MEASURES[name].plane].append(_row(name, unit, track, gaps))
    parts = []
    if any(rows.values()):
        head = ''.join(f'<th scope="col">{title}</th>' for title in ('Measure', *_COLUMNS))
        parts.append(
            scrolling(
                'Measures of the person',
                f'<thead><tr>{head}</tr></thead>\n<tbody>'
                + '\n'.join(
                    f'<tr><th class="plane" colspan="5" scope="rowgroup">{_PLANES[plane]}</th></tr>\n'
                    + '\n'.join(lines)
                    for plane, lines in rows.items()
                    if lines
                )
                + '</tbody>',
            )
        )
        parts.append(f'<p class="facts">{_legend(has_errors, has_bounds)}</p>')
    for plane, titles in unknown.items():
        need = f' (that takes {_NEEDED[plane]})' if plane in _NEEDED else ''
        parts += [f'<p>Not measured{need}: {escape(", ".join(titles))}.</p>'] if titles else []
    return '\n'.join(parts) + '\n'


def scrolling(label, table):
    """Return the inside of a table in a region that scrolls, with a shadow where there is more of it."""
    return f'<div class="scroll" role="region" aria-label="{label}" tabindex="0"><table>\n{table}</table></div>'


def title(name, unit):
    """Return the head of a measure's row."""
    return f'<th scope="row">{escape(MEASURES[name].title)} ({_SIGNS.get(unit, unit)})</th>'


def number(value, unit):
    """Return a number to read, with a minus sign, and a dash where there is none."""
    text = f'{value:.{_DECIMALS.get(unit, 0)}f}'
    return '–' if not np.isfinite(value) else text.replace('-', '−') if float(text) else text.lstrip('-')


def with_error(value, error, unit):
    """Return a number with half of its interval, where there is one."""
    return number(value, unit) + (f' ± {number(error, unit)}' if np.isfinite(error) else '')


def _legend(has_errors, has_bounds):
    return (
        'Percentiles, not the least and the most, so that single wrong frames do not count. '
        + (
            '± is a rough interval, by what the lifter expects of itself: on rendered people, 77 to 100 % of the '
            'errors were within it. '
            if has_errors
            else 'How far off a value may be is not known here. '
        )
        + (
            f'{BIASED} In brackets: where the median of all frames lies, whatever the missing ones hold.'
            if has_bounds
            else ''
        )
    )


def _row(name, unit, track, gaps):
    """Return a measure's row of the table."""
    values, errors = track.values(name), track.errors(name)
    valid = np.flatnonzero(np.isfinite(values))
    values, errors, times = values[valid], errors[valid], track.times[valid]
    ends = []
    for percent in PERCENTILES:
        at = np.abs(values - np.percentile(values, percent, method='nearest')).argmin()
        ends.append(f'{with_error(values[at], errors[at], unit)}<small>{clock(times[at])}</small>')
    middle = with_error(np.median(values), np.median(errors), unit)
    if gaps is not None and gaps.share >= LEAST_MISSING:
        low, high = gaps.median_bounds(values)
        middle += (
            f'<small>({number(low, unit)} to {number(high, unit)})</small>'
            if np.isfinite([low, high]).all()
            else '<small>(may be any)</small>'
        )
    share = f'{100 * len(valid) / (gaps.total if gaps else len(track.frames)):.0f} %'
    return f'<tr>{title(name, unit)}{"".join(f"<td>{cell}</td>" for cell in (ends[0], middle, ends[1], share))}</tr>'
