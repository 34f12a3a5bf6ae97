import matplotlib
import numpy as np
import pytest
from lxml import etree
from matplotlib.colors import to_hex

from figures import figure as leaning
from spinepose_mm import skeleton
from spinepose_mm.analysis import MEASURES, VIEWS
from spinepose_mm.writers.report.figures import _STYLES, PANELS, VIEW_COLORS, curves, ranges, thin
from spinepose_mm.writers.report.history import Shot, Track
from spinepose_mm.writers.report.missing import Missing
from spinepose_mm.writers.report.shapes import shapes
from spinepose_mm.writers.report.style import clock, to_svg


def make_track(frames, leans, views, errors=np.nan):
    """Return the Track of a person with a trunk lean, and no neck lean."""
    rows = np.zeros(
        len(frames),
        [
            ('frame', int),
            ('time', float),
            ('view', int),
            ('visible', bool, 37),
            ('values', float, 2),
            ('errors', float, 2),
        ],
    )
    rows['frame'], rows['view'], rows['visible'] = frames, [VIEWS.index(view) for view in views], True
    rows['values'][:, 0], rows['values'][:, 1] = leans, np.nan
    rows['errors'] = errors
    return Track(rows, np.arange(len(frames)), ['trunk_lean', 'neck_lean'])


def test_panels_are_of_measures_of_one_plane_and_unit():
    for _, note, names in PANELS:
        measures = [MEASURES[name] for name in names]
        assert len({(measure.plane, measure.unit) for measure in measures}) == 1
        assert {'deg': 'degrees', '%': '%'}[measures[0].unit] in note
        assert len(names) <= 4, 'the legend has room for four'
        styles = [_STYLES.get(name.split('_')[0]) for name in names]
        assert len(set(styles)) == len(names), f'curves of a panel look alike: {names}'
    shown = [name for _, _, names in PANELS for name in names]
    assert sorted(shown) == sorted(name for name, measure in MEASURES.items() if measure.plane != 'any')


def test_short_curves_stay_as_they_are():
    places, values = thin(np.array([1, 2, 5]), np.array([7.0, np.nan, 9]), 6)
    assert places.tolist() == [0, 1, 2, 3, 4, 5]
    np.testing.assert_array_equal(values, [np.nan, 7, np.nan, np.nan, np.nan, 9])


def test_long_curves_keep_extremes_and_gaps():
    frames = np.r_[0:4000, 6000:10000]
    values = np.sin(frames / 700.0)
    values[1234], values[5777], values[2000:3000] = 5, -6, np.nan
    places, thinned = thin(frames, values, 10000)
    assert len(places) < 310 and (np.diff(places) > 0).all()
    assert (places[np.nanargmax(thinned)], places[np.nanargmin(thinned)]) == (1234, 7777)
    gaps = places[np.isnan(thinned)]
    assert ((2000 <= gaps) & (gaps < 3000) | (4000 <= gaps) & (gaps < 6000)).all() and len(gaps) > 30
    valid = np.isfinite(thinned)
    np.testing.assert_array_equal(thinned[valid], values[np.searchsorted(frames, places[valid])])


def test_a_curve_over_time_with_its_gaps_and_views():
    track = make_track([0, 1, 2, 3, 5], [3, 4, np.nan, 6, 7], ['front'] * 3 + ['back'] * 2)
    made = curves(track, ('trunk_lean', 'neck_lean'), (10.0, 11.0, 6))
    (axes,) = made.axes
    line, nothing = (line for line in axes.lines if line.get_label() in ('trunk', 'neck'))
    np.testing.assert_allclose(line.get_xdata(), np.linspace(10, 11, 6))
    np.testing.assert_array_equal(line.get_ydata(), [3, 4, np.nan, 6, np.nan, 7])
    assert np.isnan(nothing.get_ydata()).all()
    bands = {
        to_hex(bars.get_facecolor()[0]): [
            (path.vertices[:, 0].min(), path.vertices[:, 0].max()) for path in bars.get_paths()
        ]
        for bars in axes.collections
        if bars.get_transform() == axes.get_xaxis_transform()
    }
    for view, runs in dict(front=[(-0.5, 2.5)], back=[(2.5, 3.5), (4.5, 5.5)]).items():
        np.testing.assert_allclose(bands[VIEW_COLORS[view]], 10 + np.array(runs) / 5)
    assert sum(map(len, bands.values())) == 3
    assert [text.get_text() for text in made.legends[0].get_texts()] == ['trunk', 'neck']


def test_no_values_are_no_figure():
    track = make_track([0, 1], [np.nan, np.nan], ['front', 'unknown'])
    assert curves(track, ('trunk_lean',), (0.0, 1.0, 2)) is None and curves(track, (), (0, 1, 2)) is None
    assert ranges(np.full(3, np.nan), 0.1, None) is None
    assert shapes([shot(leaning(), visible=False)], ['red'], None) is None


def test_a_single_frame_is_a_dot():
    line = curves(make_track([0], [3], ['front']), ('trunk_lean',), (2.0, 2.0, 1)).axes[0].lines[1]
    assert line.get_marker() == 'o' and line.get_xdata().tolist() == [2] and line.get_ydata().tolist() == [3]


def shot(points, visible=True, view=None):
    pixels = points[:, :2] * [100, -100] + 50
    return Shot(0.0, None, 0.5, 100.0, pixels, np.full(37, visible), points, view)


@pytest.mark.parametrize('axis, view, sign', [(0, 0, 1), (2, 1, -1)])  # z is to the person's right
@pytest.mark.parametrize('coordinates', ['world', 'camera'])
def test_shapes_in_space(axis, view, sign, coordinates):
    points = leaning(30, 30, 30, axis)
    given = points if coordinates == 'world' else points * [1, -1, -1]
    made = shapes([shot(given), shot(np.full((37, 3), np.nan))], ['#123456', 'red'], coordinates)
    assert len(made.axes) == 2 and len(made.legends[0].get_texts()) == 1
    for i, axes in enumerate(made.axes):
        (line,) = (line for line in axes.lines if line.get_color() == '#123456')
        up = np.array([90, 75, 60, 50, 40, 30, 20, 10, 0]) * np.cos(np.radians(30))  # cm, from C1 to S1
        np.testing.assert_allclose(line.get_ydata(), up, atol=1e-9)
        np.testing.assert_allclose(line.get_xdata(), sign * up * np.tan(np.radians(30)) if i == view else 0, atol=1e-9)
        np.testing.assert_allclose(np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim()))


@pytest.mark.parametrize('view, titles', [('left side', ['From the side']), ('back', ['From the front'])])
def test_shapes_that_the_camera_does_not_show_are_left_out(view, titles):
    made = shapes([shot(leaning(30), view=view), shot(leaning(10), view='oblique')], ['#123456', 'red'], 'world')
    assert [axes.get_title(loc='left') for axes in made.axes] == titles and len(made.axes[0].lines) == 2
    assert shapes([shot(leaning(10), view='oblique')], ['red'], 'world') is None


def test_shapes_in_the_image_are_in_its_pixels():
    line = shapes([shot(leaning(30, 30, 30))], ['#123456'], None).axes[0].lines[0]
    np.testing.assert_allclose(line.get_xydata()[0], 200 * 0.9 * np.array([0.5, np.sqrt(3) / 2]))  # half the scale
    np.testing.assert_allclose(line.get_xydata()[-1], 0)


def test_time_in_ranges():
    values = np.array([-1, 0, 19.9, 20, 59, 59.9, 60, 200, np.nan, np.nan])
    texts = [text.get_text() for text in ranges(values, 0.5, Missing(8, 8, [], 0, '')).axes[0].texts]
    assert texts == ['12 % (0.5 s)', '25 % (1.0 s)', '38 % (1.5 s)', '25 % (1.0 s)']
    (axes,) = ranges(values, 0.5, Missing(10, 8, [], 1, '')).axes
    assert [text.get_text() for text in axes.texts] == [
        '12 %; of all\n10 to 30 %',
        '25 %; of all\n20 to 40 %',
        '38 %; of all\n30 to 50 %',
        '25 %; of all\n20 to 40 %',
    ]
    assert [line.get_xdata() for line in axes.lines] == [
        pytest.approx(ends) for ends in ([10, 30], [20, 40], [30, 50], [20, 40])
    ]


def test_what_the_camera_does_not_show_is_a_figure_of_its_own():
    track = make_track([0, 1, 2, 3], [3, 4, 5, 6], ['front', 'left side', 'oblique', 'back'])
    shown, apart = (
        curves(track, ('trunk_lean',), (0.0, 3.0, 4), hidden).axes[0].lines[1].get_ydata() for hidden in (False, True)
    )
    np.testing.assert_array_equal(shown, [3, np.nan, np.nan, 6])
    np.testing.assert_array_equal(apart, [np.nan, 4, 5, np.nan])
    assert curves(make_track([0], [3], ['front']), ('trunk_lean',), (0.0, 0.0, 1), hidden=True) is None


def test_curves_have_their_intervals():
    (axes,) = curves(
        make_track([0, 1, 3], [3, 4, 6], ['front'] * 3, [[1, 1], [2, 1], [3, 1]]), ('trunk_lean',), (0.0, 3.0, 4)
    ).axes
    band = axes.collections[0].get_paths()
    corners = np.concatenate([path.vertices for path in band])
    for time, low, high in ((0, 2, 4), (1, 2, 6)):
        assert {low, high} <= set(corners[corners[:, 0] == time, 1])


def test_one_absurd_frame_does_not_spoil_the_axis():
    leans = np.r_[np.linspace(-6, 6, 100), -180]
    (axes,) = curves(make_track(np.arange(101), leans, ['front'] * 101), ('trunk_lean',), (0.0, 10.0, 101)).axes
    low, high = axes.get_ylim()
    assert -20 < low < -6 and 6 <= high < 20
    (mark,) = (line for line in axes.lines if line.get_marker() == 'v')
    assert mark.get_xdata().tolist() == [10] and mark.get_ydata().tolist() == [low]


def test_svg_is_the_same_each_time_and_stands_alone():
    def make():
        return to_svg(shapes([shot(leaning(10, 20, 30))], ['red'], 'world'), 'Shape of person 3')

    text = make()
    with matplotlib.rc_context({'font.size': 20, 'lines.linewidth': 5, 'axes.grid': True, 'svg.fonttype': 'path'}):
        assert make() == text  # whatever the user likes
    root = etree.fromstring(text.replace('xlink:href', 'href'))
    assert root.get('aria-label') == 'Shape of person 3'
    ids = [each.get('id') for each in root.iter() if each.get('id')]
    assert len(ids) == len(set(ids)) and not [name for name in ids if name.startswith(('figure', 'axes', 'text'))]
    assert 'From the side' in root.itertext() and 'metadata' not in text


@pytest.mark.parametrize(
    'seconds, text',
    [(0, '0.0 s'), (5.26, '5.3 s'), (59.9, '59.9 s'), (59.96, '1:00 min'), (65, '1:05 min'), (3599.6, '60:00 min')],
)
def test_times_to_read(seconds, text):
    assert clock(seconds) == text


def test_levels_are_named_at_their_places():
    axes = shapes([shot(leaning())], ['red'], 'world').axes[0]
    heights = {text.get_text(): text.get_position()[1] for text in axes.texts}
    assert heights == pytest.approx(dict(C1=90, C7=60, T8=40, L1=30, S1=0))
    assert set(heights) < set(skeleton.LEVELS)
