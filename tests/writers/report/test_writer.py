import base64
import gc
import os
import re
import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest
from lxml import etree, html

from result_video import RATE, make_video, write
from spinepose_mm import __version__, skeleton
from spinepose_mm.analysis import MEASURES, VIEWS, Measurer, shows, units
from spinepose_mm.structures.frame import Frame, People, no_people
from spinepose_mm.writers.report.writer import MOST_IMAGES, MOST_PEOPLE, ReportWriter

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
        assert 'Not reliable from this view' in words(page) and len(page.find_class('apart')[0].xpath('.//svg')) == 5
        for title in ('Forward lean', 'Curves of the spine', 'Flexion', 'Sideways lean', 'Lateral deviation'):
            assert f'{title} of person 3' in panels(page)
        assert 'spine length (mm)' in table(persons(page)[3])
    else:
        assert not [title for title in table(persons(page)[3]) if 'px' in title]
    shots = images(page)
    assert len(shots) == 7 and {shot.shape for shot in shots} == {(280, 210, 3)}
    for shot in shots:
        assert (np.abs(shot.astype(int) - SPINE) < 90).all(-1).sum() > 50
    assert words(page).count('left wrist') == 1 and 'not visible in most of these frames: left wrist.' in words(page)


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


def test_no_frame_leaves_no_file_and_an_old_one_as_it_was(tmp_path):
    write(ReportWriter, tmp_path / 'new.html', [], 10.0)
    (tmp_path / 'old.html').write_text('old')
    write(ReportWriter, tmp_path / 'old.html', [], None)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [('old.html', 'old')]


def test_the_same_frames_give_the_same_bytes_and_an_interruption_those_till_then(tmp_path):
    first, second = (
        write(ReportWriter, tmp_path / name, video(), 10.0, measures=MEASURED).read_bytes() for name in 'ab'
    )
    assert first == second
    writer = ReportWriter(tmp_path / 'c', 10.0, measures=MEASURED)
    for frame in list(video())[:20]:
        writer.write(frame)
        assert not (tmp_path / 'c').exists()
    writer.close()
    shorter = write(ReportWriter, tmp_path / 'd', list(video())[:20], 10.0, measures=MEASURED)
    assert (tmp_path / 'c').read_bytes() == shorter.read_bytes() != first
    assert sorted(os.listdir(tmp_path)) == ['a', 'b', 'c', 'd']


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


def test_a_video_of_five_minutes_is_small(tmp_path):
    path = write(
        ReportWriter,
        tmp_path / 'report.html',
        video(1500, range(8), tuple(MEASURED), size=(640, 480)),
        5.0,
        measures=MEASURED,
    )
    assert path.stat().st_size < 2e6 and list(persons(parse(path))) == list(range(6))


@pytest.mark.parametrize('rate', [10.0, None])
def test_memory_hardly_grows_with_the_frames(tmp_path, rate):
    def peak(count):
        gc.collect()
        tracemalloc.start()
        write(ReportWriter, tmp_path / 'report.html', video(count), rate, measures=MEASURED)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(20)  # what is made once is not counted
    assert peak(5000) < peak(500) + 4500 * 400  # bytes: curves are read one at a time, and no image stays
