"""The table of a person's measures in a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from spinepose_mm.analysis import MEASURES

from .missing import BIASED, LEAST_MISSING
from .style import clock

if TYPE_CHECKING:
    from .history import Track
    from .missing import Missing

_DECIMALS = {'%': 1}  # of a unit; none of others
_SIGNS = {'deg': '°'}
_PLANES = {'sagittal': 'Forward and backward (sagittal plane)', 'frontal': 'Sideways (frontal plane)', 'any': 'Lengths'}
_NEEDED = {'sagittal': 'a view from the side', 'frontal': 'a view from the front or the back'}
_COLUMNS = '5th percentile, when', 'Median', '95th percentile, when', 'Known in'
PERCENTILES = 5, 95


def numbers(track: Track, units: Mapping[str, str], find_missing: Callable[[str], Missing]) -> str:
    """Return a table of a person's measures over a video, and sentences on those without a value.

    Args:
        track: Track.
        units: {measure: unit}.
        find_missing: function from a measure's name to its Missing.
    """
    rows: dict[str, list[str]] = {plane: [] for plane in _PLANES}
    unknown: dict[str, list[str]] = {plane: [] for plane in _PLANES}
    has_errors = has_bounds = False
    for name, unit in units.items():
        plane = MEASURES[name].plane
        if not np.isfinite(track.values(name)).any():
            unknown[plane].append(MEASURES[name].title)
            continue
        gaps = find_missing(name) if plane != 'any' else None
        has_errors |= bool(np.isfinite(track.errors(name)).any())
        has_bounds |= _has_gaps(gaps)
        rows[plane].append(_row(name, unit, track, gaps))
    parts = []
    if any(rows.values()):
        parts += [_table(rows), f'<p class="facts">{_legend(has_errors, has_bounds)}</p>']
    parts += [_not_measured(plane, titles) for plane, titles in unknown.items() if titles]
    return '\n'.join(parts) + '\n'


def _has_gaps(gaps: Missing | None) -> bool:
    """Return whether so many frames are missing that the table says what that may do."""
    return gaps is not None and gaps.share >= LEAST_MISSING


def _table(rows: Mapping[str, list[str]]) -> str:
    """Return the table of the rows of each plane, with a heading for each plane that has some."""
    head = ''.join(f'<th scope="col">{column}</th>' for column in ('Measure', *_COLUMNS))
    body = []
    for plane, lines in rows.items():
        if lines:
            body.append(f'<tr><th class="plane" colspan="5" scope="rowgroup">{_PLANES[plane]}</th></tr>')
            body += lines
    return scrolling(
        'Measures of the person', f'<thead><tr>{head}</tr></thead>\n<tbody>' + '\n'.join(body) + '</tbody>'
    )


def _not_measured(plane: str, titles: list[str]) -> str:
    """Return a sentence on the measures of a plane that have no value."""
    need = f' (that takes {_NEEDED[plane]})' if plane in _NEEDED else ''
    return f'<p>Not measured{need}: {escape(", ".join(titles))}.</p>'


def scrolling(label: str, table: str) -> str:
    """Return the inside of a table in a region that scrolls, with a shadow where there is more of it."""
    return f'<div class="scroll" role="region" aria-label="{label}" tabindex="0"><table>\n{table}</table></div>'


def title(name: str, unit: str) -> str:
    """Return the head of a measure's row."""
    return f'<th scope="row">{escape(MEASURES[name].title)} ({_SIGNS.get(unit, unit)})</th>'


def number(value: float, unit: str) -> str:
    """Return a number to read, with a minus sign, and a dash where there is none."""
    text = f'{value:.{_DECIMALS.get(unit, 0)}f}'
    return '–' if not np.isfinite(value) else text.replace('-', '−') if float(text) else text.lstrip('-')


def with_error(value: float, error: float, unit: str) -> str:
    """Return a number with half of its interval, where there is one."""
    return number(value, unit) + (f' ± {number(error, unit)}' if np.isfinite(error) else '')


def _legend(has_errors: bool, has_bounds: bool) -> str:
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


def _row(name: str, unit: str, track: Track, gaps: Missing | None) -> str:
    """Return a measure's row of the table."""
    values, errors = track.values(name), track.errors(name)
    valid = np.flatnonzero(np.isfinite(values))
    values, errors, times = values[valid], errors[valid], track.times[valid]
    low, high = (_percentile(values, errors, times, percent, unit) for percent in PERCENTILES)
    middle = with_error(np.median(values), np.median(errors), unit) + _bounds(values, gaps, unit)
    share = f'{100 * len(valid) / (gaps.total if gaps else len(track.frames)):.0f} %'
    return f'<tr>{title(name, unit)}{"".join(f"<td>{cell}</td>" for cell in (low, middle, high, share))}</tr>'


def _percentile(values: np.ndarray, errors: np.ndarray, times: np.ndarray, percent: float, unit: str) -> str:
    """Return the cell of the value that is nearest to a percentile, with the time of its frame."""
    at = np.abs(values - np.percentile(values, percent, method='nearest')).argmin()
    return f'{with_error(values[at], errors[at], unit)}<small>{clock(times[at])}</small>'


def _bounds(values: np.ndarray, gaps: Missing | None, unit: str) -> str:
    """Return where the median of all frames lies, '' where hardly any is missing."""
    if gaps is None or not _has_gaps(gaps):
        return ''
    low, high = gaps.median_bounds(values)
    if not np.isfinite([low, high]).all():
        return '<small>(may be any)</small>'
    return f'<small>({number(low, unit)} to {number(high, unit)})</small>'
