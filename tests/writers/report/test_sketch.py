import numpy as np
from lxml import etree

from spinepose_mm import skeleton
from spinepose_mm.synthetic import Body, forward, keypoints
from spinepose_mm.synthetic.body import rest
from spinepose_mm.writers.report.sketch import _OUTLINE, PLACES, sketch


def test_levels_stand_where_the_body_has_them():
    body = Body()
    points = keypoints(body, forward(body, rest()))[0]
    low = points[:, 1].min() - 0.006 * body.height  # soles
    for level, (x, y) in PLACES.items():
        place = points[skeleton.index(level)]
        np.testing.assert_allclose(1000 * np.array([place[0], place[1] - low]) / body.stature(), [x, y], atol=8)
    assert list(PLACES) == [skeleton.KEYPOINTS[i].level for i in skeleton.SUBSETS['spine']]


def test_the_spine_is_inside_the_outline():
    import cv2

    outline = np.array(_OUTLINE, np.float32)[:, None]
    assert min(cv2.pointPolygonTest(outline, place, True) for place in PLACES.values()) > 5


def test_it_is_well_formed_and_names_all_levels():
    root = etree.fromstring(sketch())
    assert [text.text for text in root.iter('tspan')] == list(PLACES)
