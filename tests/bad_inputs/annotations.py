"""Annotation files that were tried: what is wrong with each, and what it ends in."""

import copy
import json

from mmpose.registry import DATASETS

import builders
from bad_inputs.cases import Case
from evaluated import META
from spinepose_mm.datasets.validation.report import ERROR, Report, validate
from spinepose_mm.evaluation import SpineTrackMetric

GIANT = 10**400


def sound():
    """Return the content of a file of two people in two images, of which nothing is wrong."""
    return dict(
        images=[dict(id=i, file_name=f'{i}.jpg', width=120, height=100) for i in (1, 2)],
        annotations=[builders.person(1, 1), builders.person(2, 2)],
        categories=[dict(id=1, name='person')],
    )


def changed(where, **fields):
    """Return the content with other fields of its second person or image; those that are None are left out."""
    content = sound()
    entry = content[where][1]
    entry.update(fields)
    content[where][1] = {name: value for name, value in entry.items() if value is not None}
    return content


def person(**fields):
    return changed('annotations', **fields)


def image(**fields):
    return changed('images', **fields)


def flat(place, value):
    """Return a person's keypoints with another number at a place."""
    values = builders.keypoints()
    values[place] = value
    return values


def without(name):
    content = sound()
    del content[name]
    return content


def twice(name):
    """Return the content with the id of the first entry in the second one, too; the people stay in their images."""
    content = sound()
    content[name][1]['id'] = 1
    if name == 'images':
        content['annotations'][1]['image_id'] = 1
    return content


def seventeen(all_people):
    content = sound()
    for one in content['annotations'][0 if all_people else 1 :]:
        one['keypoints'] = one['keypoints'][:51]
    return content


def encoded(encoding, prefix=b''):
    content = sound()
    content['info'] = dict(description='Rücken')
    return prefix + json.dumps(content, ensure_ascii=False).encode(encoding)


CONTENTS = {
    'all17': seventeen(True),
    'kp17': seventeen(False),
    'annint': dict(sound(), annotations=3),
    'annsdict': dict(sound(), annotations={'1': builders.person()}),
    'bom': encoded('utf-8', b'\xef\xbb\xbf'),
    'latin': encoded('latin-1'),
    'box3': person(bbox=[1.0, 2, 3]),
    'catname': person(category_id='person'),
    'crowd': person(iscrowd=1),
    'crowdrle': person(iscrowd=1, segmentation=dict(counts=[1, 2], size=[100, 120])),
    'deep': b'[' * 100000 + b']' * 100000,
    'deepann': b'{"images": [], "annotations": [' + b'[' * 900 + b']' * 900 + b']}',
    'dictkp': person(keypoints=dict(nose=[1, 2, 2])),
    'dotdot': image(file_name='../nowhere/2.jpg'),
    'dupann': twice('annotations'),
    'dupimg': twice('images'),
    'empty': b'',
    'emptyanns': dict(sound(), annotations=[]),
    'farbox': person(bbox=[5000.0, 5000, 10, 10]),
    'fileint': image(file_name=7),
    'giant': person(keypoints=flat(0, GIANT)),
    'giantid': person(id=GIANT),
    'digits': json.dumps(sound()).replace('"id": 2', '"id": ' + '9' * 5000).encode(),
    'giantimg': image(width=GIANT),
    'hugebox': person(bbox=[-1e300, -1e300, 2e300, 2e300]),
    'imglist': dict(sound(), images=[[1, '1.jpg']]),
    'imgnone': dict(sound(), images=None),
    'imgstr': dict(sound(), images='1.jpg'),
    'infty': person(keypoints=flat(1, float('inf'))),
    'list': [],
    'nan': person(keypoints=flat(0, float('nan'))),
    'nanarea': person(area=float('nan')),
    'negarea': person(area=-5.0),
    'strarea': person(area='big'),
    'zeroarea': person(area=0),
    'noarea': person(area=None),
    'giantarea': person(area=GIANT),
    'negbox': person(bbox=[10.0, 20, -5, 60]),
    'strbox': person(bbox=['a', 2, 3, 4]),
    'nested': person(keypoints=[[1.0, 2, 2]] * 111),
    'nobbox': person(bbox=None),
    'nocat': person(category_id=None),
    'nocats': without('categories'),
    'nofile': image(file_name=None),
    'noid': person(id=None),
    'noimages': without('images'),
    'noimgid': person(image_id=None),
    'noiscrowd': person(iscrowd=None),
    'nokp': person(keypoints=None),
    'null': None,
    'nullkp': person(keypoints=flat(0, None)),
    'strnum': person(keypoints=[str(value) for value in builders.keypoints()]),
    'trunc': json.dumps(sound()).encode()[:200],
    'v3': person(keypoints=flat(2, 3)),
    'vfloat': person(keypoints=flat(2, 1.5)),
    'vneg': person(keypoints=flat(2, -1)),
    'wneg': image(width=-120),
    'wstr': image(width='120'),
    'wzero': image(width=0),
}


def write(folder, kind):
    """Write a file and the images of 120 x 100 pixels that a sound one has, and return its path."""
    content, path = copy.deepcopy(CONTENTS[kind]), folder / 'a.json'
    for i in (1, 2):
        builders.write_image(folder / f'{i}.jpg', i)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


#: What each ends in: (check_dataset, training, test). 'error: ' and what the message says beside the file's name;
#: 'finding: ' of check_dataset; 'left out: ' and why a person is left out of training, with one warning that counts;
#: 'warned: ' of what is not left out; 'fine' where nothing is lost, 'one person' where there is only one to use.
_NO_JSON, _NO_COCO = ('error: is not JSON',) * 3, 'error: is not in COCO format'


def _dropped(why, finding=None):
    return f'finding: {finding or why}', f'left out: {why}', f'error: annotation 2.* has .*{why}'


def _field(name):
    return 'finding: annotation without id', f'{_NO_COCO}.*{name}', f'{_NO_COCO}.*{name}'


def _size(field):
    return 'finding: image without id, file_name, width or height', *(f'error: image 2 has {field}',) * 2


OUTCOMES = {
    'all17': ('fine', *('error: annotation 1 .* has 17 keypoints.*COCO',) * 2),
    'kp17': ('finding: person without 37', *('error: annotation 2 .* has 17 keypoints',) * 2),
    'annint': (_NO_COCO,) * 3,
    'annsdict': (_NO_COCO,) * 3,
    'bom': _NO_JSON,
    'latin': _NO_JSON,
    'box3': _dropped('no bbox of four finite numbers'),
    'catname': ('fine', 'fine', "error: annotation 2 has category_id = 'person'"),
    'crowd': ('finding: crowd, not trained on', 'one person', 'one person'),
    'crowdrle': ('finding: crowd, not trained on', 'one person', 'one person'),
    'deep': ('error: nested too deeply',) * 3,
    'deepann': (_NO_COCO,) * 3,
    'dictkp': ('finding: person without 37', *('error: annotation 2 .* has keypoints = ',) * 2),
    'dotdot': ('finding: missing image', 'left out: no image file', 'error: do not exist, among them .*nowhere'),
    'dupann': (
        'finding: annotation id used twice',
        'error: no person to use',
        'error: annotation 1 has an id that another annotation has',
    ),
    'dupimg': (
        'finding: image id used twice',
        'error: no person to use',
        'error: annotation 1 has an image_id that two images have',
    ),
    'empty': _NO_JSON,
    'emptyanns': ('finding: no person to train on', *('error: has no person to use',) * 2),
    'farbox': _dropped('bbox without area in the image'),
    'fileint': ('finding: image without id, file_name, width or height', *(_NO_COCO,) * 2),
    'giant': _dropped('coordinates that are not numbers'),
    'giantid': ('fine',) * 3,
    'digits': ('error: 4300 digits',) * 3,
    'giantimg': _size('width = 1000'),
    'hugebox': ('fine',) * 3,
    'imglist': (_NO_COCO,) * 3,
    'imgnone': (_NO_COCO,) * 3,
    'imgstr': (_NO_COCO,) * 3,
    'infty': _dropped('coordinates that are not finite numbers'),
    'list': (_NO_COCO,) * 3,
    'nan': _dropped('coordinates that are not finite numbers'),
    **{
        name: _dropped('an area that is not a number from 0 on')
        for name in ('nanarea', 'negarea', 'strarea', 'giantarea')
    },
    'zeroarea': ('finding: area of 0', 'fine', 'warned: 1 people have an area of 0'),
    'noarea': ('fine', 'fine', "error: annotation 2 has no field 'area'; set use_area=False"),
    'negbox': _dropped('bbox without area in the image'),
    'strbox': _dropped('coordinates that are not numbers'),
    'nested': _dropped('coordinates that are not numbers'),
    'nobbox': _dropped('no bbox of four finite numbers'),
    'nocat': _field('category_id'),
    'nocats': ('fine', 'fine', f"{_NO_COCO}.*'categories'"),
    'nofile': ('finding: image without id, file_name, width or height', *(f'{_NO_COCO}.*file_name',) * 2),
    'noid': _field('id'),
    'noimgid': _field('image_id'),
    'noimages': (_NO_COCO, 'error: no person to use', 'error: annotation 1 has an image_id that no image has'),
    'noiscrowd': ('fine',) * 3,
    'nokp': ('finding: person without labels', 'one person', 'one person'),
    'null': (_NO_COCO,) * 3,
    'nullkp': _dropped('coordinates that are not numbers'),
    'strnum': _dropped('coordinates that are not numbers'),
    'trunc': _NO_JSON,
    'v3': _dropped('visibility that is not 0, 1 or 2'),
    'vfloat': _dropped('visibility that is not 0, 1 or 2'),
    'vneg': _dropped('visibility that is not 0, 1 or 2'),
    'wneg': _size('width = -120'),
    'wstr': _size("width = '120'"),
    'wzero': _size('width = 0'),
}


def check(kind):
    return lambda place: validate(write(place.folder, kind), place.folder)


def train(kind, **options):
    return lambda place: DATASETS.build(
        dict(
            type='SpineTrackDataset',
            ann_file=str(write(place.folder, kind)),
            data_prefix=dict(img=str(place.folder)),
            serialize_data=False,
            **options,
        )
    )  # which collects garbage, for half a second each


def test(kind):
    """Load people and labels as a test does, before anything is predicted."""

    def run(place):
        people = train(kind, test_mode=True)(place)
        SpineTrackMetric(ann_file=str(place.folder / 'a.json')).dataset_meta = copy.deepcopy(META)
        return people

    return run


def case(run, ending):
    kind, _, what = ending.partition(': ')
    if kind == 'error':
        return Case(run, error=rf'a\.json.*{what}')
    if kind == 'finding':
        return Case(run, result=lambda report: any(what in problem for _, problem in report.findings))
    if kind == 'warned':
        return Case(run, warning=rf'a\.json: {what}', result=lambda people: len(people) == 2)
    if kind == 'left out':
        return Case(run, warning=rf'a\.json: left out 1 of 2 people: .*{what}', result=lambda people: len(people) == 1)
    people = {'fine': 2, 'one person': 1}[kind]
    return Case(run, result=lambda found: not found.count(ERROR) if isinstance(found, Report) else len(found) == people)


CASES = {
    f'{kind} {tool.__name__}': case(tool(kind), ending)
    for kind in CONTENTS
    for tool, ending in zip((check, train, test), OUTCOMES[kind])
}
