"""Reports of videos."""

import numpy as np
import pytest

from report_pages import SPINE, from_the_side, images, panels, persons, report, table, video, whole, words
from result_video import RATE, make_video
from spinepose_mm import __version__, skeleton
from spinepose_mm.analysis import MEASURES, Measurer, units
from spinepose_mm.structures.frame import Frame, no_people
from spinepose_mm.writers.report.figures import PANELS
from spinepose_mm.writers.report.writer import MOST_PEOPLE, ReportWriter


def test_the_numbers_are_numpys(tmp_path):
    frames = list(video(ids=(3, 8)))
    found = persons(report(tmp_path, frames))
    assert list(found) == [3, 8]
    for row, section in enumerate(found.values()):
        cells = table(section)
        assert list(cells) == ['trunk inclination (°)', 'kyphosis-like angle (°)', 'lateral deviation (%)']
        for name, title, places in zip(('trunk_inclination', 'kyphosis', 'lateral_deviation'), cells, (0, 0, 1)):
            values = np.array([frame.people.measures[name][row] for frame in frames])
            low, high = np.nanpercentile(values, (5, 95), method='nearest')
            start, middle, end, share = cells[title]
            assert start == f'{whole(low, places)} {np.nanargmin(np.abs(values - low)) / 10:.1f} s'
            assert end == f'{whole(high, places)} {np.nanargmin(np.abs(values - high)) / 10:.1f} s'
            assert middle.split()[0] == whole(np.nanmedian(values), places)
            assert share == f'{100 * np.isfinite(values).mean():.0f} %'
        assert 'Not measured (that takes a view from the front or the back): trunk lean,' in words(section)


def test_what_a_video_is_and_how_often_people_were_there(tmp_path):
    frames = list(video(40, ids=(0,)))
    for frame in frames[:10]:
        frame.people = no_people()
    page = report(tmp_path, frames)
    text = words(page)
    assert (
        'some video.mp4 4.0 s · 40 frames · 10 frames a second · 1 person · measured in the image · nothing could be'
    ) in text
    assert 'In 30 of 40 frames (75 %), from 1.0 s to 3.9 s' in text
    assert 'not radiographic' in text and 'not for diagnosis' in text and f'spinepose_mm {__version__}' in text
    assert 'ISO 11226' in text and MEASURES['kyphosis'].definition in text
    seen = [frame.people.views[0] for frame in frames[10:]]
    for view in set(seen):
        assert f'{view} {100 * seen.count(view) / 30:.0f} %' in text


def test_people_in_most_frames_come_first_and_the_others_are_counted(tmp_path):
    frames = list(video(30, ids=range(50), names=('trunk_inclination',)))
    for i, frame in enumerate(frames):  # person n is in the last n frames; 0 is in none
        frame.people = frame.people[[person for person in range(50) if person >= 30 - i]]
    found = report(tmp_path, frames)
    assert list(persons(found)) == [30, 31, 32, 33, 34, 35] and MOST_PEOPLE == 6
    assert '49 people' in words(found) and '43 others are left out' in words(found)
    for i, frame in enumerate(frames):
        frame.people = frame.people[frame.people.ids >= 30] if i < 21 else frame.people[[0]]
    few = report(tmp_path, [*frames[21:], *frames[:5]])  # of those in less than 10 frames, the person in most
    assert list(persons(few))[0] == min(persons(few), key=lambda number: (number != 30, number))


def test_a_person_in_few_frames_is_shown_only_alone(tmp_path):
    frames = list(video(9))
    assert list(persons(report(tmp_path, frames))) == [0]
    both = frames + list(video(12, ids=(5,)))
    assert list(persons(report(tmp_path, both))) == [5]


@pytest.mark.parametrize('lifted', [False, True])
def test_figures_and_images_of_each_person(tmp_path, lifted):
    frames = make_video('world' if lifted else None)
    measurer = Measurer()
    for frame in frames:
        frame.image = np.full((480, 640, 3), 90, np.uint8)
        frame.people = measurer.update(frame.people, (0, 1, 0) if lifted else None)
    page = report(tmp_path, frames, RATE, coordinates='world' if lifted else None, measures=units(not lifted))
    assert list(persons(page)) == [3] and ('measured in 3D' in words(page)) == lifted  # 7 is in fewer frames
    assert ('Shape of the spine of person 3' in panels(page)) != lifted  # the camera sees them obliquely
    if lifted:
        assert 'Not reliable from this view' in words(page)
        assert len(page.find_class('apart')[0].xpath('.//svg')) == len(PANELS)
        for title, _, _ in PANELS:
            assert f'{title} of person 3' in panels(page)
        assert 'spine length (mm)' in table(persons(page)[3])
    else:
        assert not [title for title in table(persons(page)[3]) if 'px' in title]
    shots = images(page)
    assert len(shots) == 7 and {shot.shape for shot in shots} == {(280, 210, 3)}
    for shot in shots:
        assert (np.abs(shot.astype(int) - SPINE) < 90).all(-1).sum() > 50
    assert words(page).count('left wrist') == 1 and 'not visible in most of these frames: left wrist.' in words(page)


def test_what_the_camera_does_not_show_is_apart_and_in_no_table(tmp_path):
    page = report(tmp_path, from_the_side(), coordinates='camera', measures=units())
    section = persons(page)[0]
    (apart,) = page.find_class('apart')
    assert 'Not reliable from this view' in words(apart) and panels(apart) == ['Sideways lean of person 0']
    assert 'Forward lean of person 0' in panels(page) and list(table(section)) == ['trunk inclination (°)']
    assert 'Not measured (that takes a view from the front or the back): trunk lean' in words(section)


def test_figures_have_intervals_and_say_what_is_missing(tmp_path):
    page = report(tmp_path, from_the_side(missing=range(28, 40)), coordinates='camera', measures=units())
    cells = table(persons(page)[0])['trunk inclination (°)']
    assert cells == ['1 ± 3 0.1 s', '14 ± 3 (8 to 20)', '26 ± 3 2.6 s', '70 %']
    gap = 'Not known in 30 % of the frames (2.8 s to 3.9 s): C7 was missing most, in 100 % of these.'
    charts = {chart.xpath('string(h3)'): words(chart) for chart in page.find_class('chart')}
    assert (
        gap in charts['Forward lean']
        and f'{gap} Shares and medians are of the known frames alone, and biased' in charts['Trunk inclination']
    )
    assert 'nothing could be measured in 30 % of the frames with people' in words(page)
    whole = report(tmp_path, from_the_side(), coordinates='camera', measures=units())
    assert 'Not known in' not in words(whole) and 'biased' not in words(whole)


def test_hardly_anything_measured_is_a_warning_at_the_head(tmp_path):
    page = report(tmp_path, from_the_side(missing=range(36)), coordinates='camera', measures=units())
    (warning,) = page.find_class('warning')
    assert 'hardly anything could be measured (10 % of the frames with people)' in words(warning)
    assert not report(tmp_path, from_the_side(), coordinates='camera', measures=units()).find_class('warning')


def test_the_head_names_models_and_assumptions(tmp_path):
    about = {'Model': 'a <model>', 'Not for measuring': 'a <model> (a toy)', 'Height': '1.7 m'}
    for rate in (10.0, None):
        (head,) = report(tmp_path, video(2), rate, about=about).find_class('about')
        assert [each.text for each in head] == [word for pair in about.items() for word in pair]


def test_one_absurd_frame_is_in_no_percentile(tmp_path):
    frames = list(from_the_side())
    frames[20].people.measures['trunk_inclination'][:] = -170
    low, _, high, _ = table(persons(report(tmp_path, frames, measures=units()))[0])['trunk inclination (°)']
    assert (low, high) == ('1 ± 3 0.1 s', '37 ± 3 3.7 s')


def test_the_spine_only(tmp_path):
    frames = list(video())
    for frame in frames:
        frame.people.confidence[:, [skeleton.index('left_knee'), skeleton.index('T8')]] = 0.1
    whole_body, spine = (words(report(tmp_path, frames, spine_only=value)) for value in (False, True))
    assert 'most of these frames: left knee, T8.' in whole_body and 'most of these frames: T8.' in spine


def test_no_people_at_all(tmp_path):
    page = report(
        tmp_path, [Frame(i, i / 10, 'video.mp4', np.zeros((9, 9, 3), np.uint8), no_people()) for i in range(3)]
    )
    assert 'No detections' in words(page) and 'Warning: no detections in 3 of 3 frames; give the people' in words(page)
    assert not persons(page) and not panels(page)
    assert 'ISO 11226' not in words(page)


def test_a_single_frame(tmp_path):
    frame = list(video(2))[1]
    frame.people.views[:] = 'left side'
    page = report(tmp_path, [frame])
    value = frame.people.measures['trunk_inclination'][0]
    assert table(persons(page)[0])['trunk inclination (°)'] == [
        f'{whole(value)} 0.1 s',
        whole(value),
        f'{whole(value)} 0.1 s',
        '100 %',
    ]
    assert '0.1 s · 1 frame · 10 frames a second · 1 person' in words(page) and 'left side 100 %' in words(page)
    assert {'Forward lean of person 0', 'Trunk inclination of person 0'} <= set(panels(page))


def test_without_measures_there_are_images_and_shapes(tmp_path):
    page = report(tmp_path, video(names=()), measures=None)
    assert panels(page) == ['Shape of the spine of person 0'] and len(images(page)) == 8
    assert not page.xpath('//table') and 'What the measures mean' not in words(page)


def test_names_are_text(tmp_path):
    frames = list(video(3))
    for frame in frames:
        frame.path = 'a/<b>&"\'.mp4'
    page = report(tmp_path, frames)
    assert page.xpath('string(//h1)') == page.xpath('string(//title)') == 'Spine report: <b>&"\'.mp4'


def test_people_of_a_video_need_ids_and_the_file_a_place(tmp_path):
    frame = next(video())
    frame.people.ids = None
    with pytest.raises(ValueError, match=r'report\.html: a report follows people .*, and these have no ids'):
        report(tmp_path, [frame])
    assert not list(tmp_path.iterdir())
    with pytest.raises(IsADirectoryError, match='is a folder'):
        ReportWriter(tmp_path, 10.0)
