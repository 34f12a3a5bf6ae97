"""A report in the system's Chromium: at the widths of a phone and of a desk, and in print."""

import json
import re
import shutil
import subprocess
from html import escape

import numpy as np
import pytest
from lxml import html

from chromium import BROWSER, FLAGS
from result_video import RATE, make_video, write
from spinepose_mm import skeleton
from spinepose_mm.analysis import Measurer, units
from spinepose_mm.writers.report.writer import ReportWriter

pytestmark = pytest.mark.slow
LEAST = 11  # pixels of text
#: Looks at the page in a frame of some width; its findings are the text of this one.
LOOK = """<body><script>onload = () => {
const frame = document.querySelector('iframe'), page = frame.contentDocument, found = [];
for (const each of page.querySelectorAll('body *')) {
  const own = [...each.childNodes].filter(node => node.nodeType === 3).map(node => node.textContent.trim()).join('');
  if (!own || each.closest('style,title')) continue;
  const svg = each.closest('svg'), scale = svg ? svg.getScreenCTM().a : 1;
  found.push([own, scale * parseFloat(frame.contentWindow.getComputedStyle(each).fontSize)]);
}
document.body.textContent = JSON.stringify({texts: found, width: page.documentElement.scrollWidth});
}</script>"""


@pytest.fixture(scope='module')
def page(tmp_path_factory):
    """A report in 3D with intervals, gaps, hidden planes, and an input's long name."""
    if BROWSER is None:
        pytest.skip('there is no Chromium: apt-get install chromium')
    frames, measurer = make_video('world') * 3, Measurer()
    for i, frame in enumerate(frames):
        frame.image, frame.index, frame.time = np.full((480, 640, 3), 90, np.uint8), i, i / RATE
        frame.path = 'videos/' + 'a long name with_underscores' * 3 + '.mp4'
        if 8 < i < 14:
            frame.people.confidence[:, skeleton.index('C7')] = 0.1
        frame.people = measurer.update(frame.people, (0, 1, 0))
        frame.people.views[:] = 'left side'
    return write(
        ReportWriter,
        tmp_path_factory.mktemp('report') / 'report.html',
        frames,
        coordinates='world',
        measures=units(),
        about={'Model': 'spinepose-tiny', 'Not for measuring': 'as its card says'},
    )


def browse(folder, *options):
    return subprocess.run(
        [BROWSER, *FLAGS, '--no-pdf-header-footer', f'--user-data-dir={folder / "profile"}', *options],
        check=True,
        timeout=120,
        capture_output=True,
        text=True,
    ).stdout


@pytest.mark.parametrize('width', [390, 1280])
def test_text_can_be_read_and_nothing_is_beside_the_screen(page, tmp_path, width):
    outer = tmp_path / 'outer.html'
    outer.write_text(
        f'{LOOK}<iframe style="width:{width}px;height:900px;border:0" srcdoc="'
        f'{escape(page.read_text(encoding="utf-8"))}"></iframe>',
        encoding='utf-8',
    )
    found = json.loads(html.fromstring(browse(tmp_path, '--dump-dom', outer.as_uri())).text_content())
    texts = [text for text, _ in found['texts']]
    assert {'trunk', 'time (s)', 'C7', 'Not reliable from this view'} <= set(texts) and len(texts) > 150
    assert [(text, size) for text, size in found['texts'] if size < LEAST] == []
    assert found['width'] <= width  # tables scroll in their own regions


def test_headings_keep_with_what_follows_in_print(page, tmp_path):
    if shutil.which('pdftotext') is None:
        pytest.skip('there is no pdftotext: apt-get install poppler-utils')
    browse(tmp_path, f'--print-to-pdf={tmp_path / "report.pdf"}', page.as_uri())
    text = subprocess.run(
        ['pdftotext', '-raw', tmp_path / 'report.pdf', '-'], check=True, capture_output=True, text=True
    ).stdout
    pages = [[line for line in each.splitlines() if line.strip()] for each in text.split('\f')][:-1]
    headings = {
        re.sub(r'\s+', ' ', heading.text_content())
        for heading in html.parse(str(page)).getroot().xpath('//h2 | //h3 | //th[@class="plane"]')
    }
    assert len(pages) > 2 and all(len(lines) > 3 for lines in pages)
    assert [lines[-1] for lines in pages if lines[-1] in headings] == []
