import csv
import io

import cv2
import pytest

from spinepose_mm.benchmarks.robustness_results import CLEAN, as_csv, as_markdown, loss, plot, subsets_of, title


@pytest.fixture
def cells():
    """Two corruptions, two severities; the body of 80 AP clean, all keypoints of 50, and no labelled feet."""

    def scores(body, everything):
        return dict(body_AP=body, body_AR=body, feet_AP=-1.0, feet_AR=-1.0, all_AP=everything, all_AR=everything + 0.1)

    return {
        (CLEAN, 0): scores(0.8, 0.5),
        ('fog', 1): scores(0.6, 0.4),
        ('fog', 3): scores(0.2, 0.3),
        ('jpeg', 1): scores(0.8, 0.5),
        ('jpeg', 3): scores(0.4, 0.2),
    }


def test_the_tables_have_means_and_relative_losses(cells):
    by_severity, by_subset = as_markdown(cells).split('\n\n')
    assert by_severity.splitlines() == [
        '| AP of all keypoints, 50.0 clean | severity 1 | severity 3 | mean | relative loss, % |',
        '| --- | ---: | ---: | ---: | ---: |',
        '| fog | 40.0 | 30.0 | 35.0 | 30.0 |',
        '| JPEG | 50.0 | 20.0 | 35.0 | 30.0 |',
        '| **mean** | 45.0 | 25.0 | 35.0 | 30.0 |',
        '| **relative loss, %** | 10.0 | 50.0 | 30.0 |  |',
    ]
    assert by_subset.splitlines() == [
        '| Mean AP over severities (relative loss, %) | body | all |',
        '| --- | ---: | ---: |',
        '| clean | 80.0 | 50.0 |',
        '| fog | 40.0 (50.0) | 35.0 (30.0) |',
        '| JPEG | 60.0 (25.0) | 35.0 (30.0) |',
        '| **mean** | 50.0 (37.5) | 35.0 (30.0) |',
    ]


def test_the_csv_has_a_line_for_each_cell_and_subset(cells):
    lines = list(csv.DictReader(io.StringIO(as_csv(cells))))
    assert len(lines) == 5 * 2
    line = next(one for one in lines if (one['corruption'], one['severity'], one['subset']) == ('fog', '3', 'body'))
    assert (line['AP'], line['AR'], line['relative_loss']) == ('0.200000', '0.200000', '0.750000')
    assert lines[1]['AR'] == '0.600000' and lines[1]['relative_loss'] == '0.000000'


def test_what_has_no_labels_or_no_ap_is_a_dash(cells):
    assert subsets_of(cells) == ['body', 'all']
    cells['fog', 3]['body_AP'] = -1.0  # a truncation of all keypoints
    cells[CLEAN, 0]['all_AP'] = 0.0
    assert '| fog | – (–) | 35.0 (–) |' in as_markdown(cells)
    assert 'fog,3,body,,,\n' in as_csv(cells)
    assert loss(0.5, 0.4) == pytest.approx(0.2)
    for cell in cells.values():
        cell.update(body_AP=-1.0, all_AP=-1.0)
    with pytest.raises(ValueError, match='no labels'):
        as_markdown(cells)


def test_the_plot_has_a_panel_for_each_corruption(cells, tmp_path):
    plot(cells, tmp_path / 'plot.png', 'model')
    small = cv2.imread(str(tmp_path / 'plot.png'))
    for name in ('noise', 'darkness', 'truncation'):
        cells.update({(name, severity): cells['fog', severity] for severity in (1, 3)})
    plot(cells, tmp_path / 'plot.png', 'model')
    assert cv2.imread(str(tmp_path / 'plot.png')).shape[0] > small.shape[0] and small.std() > 10
    assert [path.name for path in tmp_path.iterdir()] == ['plot.png']


def test_titles_are_words():
    assert [title(name) for name in ('jpeg', 'over_exposure', 'motion_blur')] == [
        'JPEG',
        'over-exposure',
        'motion blur',
    ]
