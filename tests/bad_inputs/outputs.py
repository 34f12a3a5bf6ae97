"""Names of inputs and places for results that were tried."""

import os
from pathlib import Path

import numpy as np

from bad_inputs import images
from bad_inputs.cases import Case
from spinepose_mm.inference import analyse

NO_BOX = np.zeros((0, 4))


def run(out, formats=('csv',), name='a.png', before=None, whole=False):
    """Return what writes the results of an image without people to `out`, below the folder unless it is absolute."""

    def tried(place):
        path = place.folder / 'in' / name
        path.parent.mkdir()
        path.write_bytes(images.coded('png'))
        if before:
            before(place.folder)
        return analyse(path, place.folder / out, place.inferencer, None if whole else list(formats), bboxes=NO_BOX)

    return tried


def named(name):
    """An input's name is kept in those of its results, and read back from them as it is."""
    return Case(
        run('out', ('csv', 'report'), f'{name}.png'),
        result=lambda done: (
            sorted(path.name for path in done.files) == [f'{name}.csv', f'{name}.html', f'{name}_measures.csv']
            and all(path.is_file() for path in done.files)
        ),
    )


def refused(out, message, **options):
    return Case(run(out, **options), error=message)


def full(place):
    """Write results of two images to a disk on which there is no room."""
    image = place.folder / 'a.png'
    image.write_bytes(images.coded('png'))
    return analyse(image, '/dev/full/out.csv', place.inferencer, bboxes=NO_BOX)


def bytes_that_are_no_text(place):
    path = os.fsdecode(os.fsencode(place.folder) + b'/\xff\xfe.png')
    Path(path).write_bytes(images.coded('png'))
    return analyse(path, place.folder / 'out', place.inferencer, formats=['images'], bboxes=NO_BOX)


CASES = {
    **{
        f'name with {what}': named(name)
        for what, name in {
            'quotes': '"quote\'s',
            'a dash': '-rf',
            'markup': '<img src=x onerror=a>',
            'a formula': '=1+1',
            'brackets': '[a]',
            'an emoji': '\U0001f480',
            'percents': 'a%d%s 100%',
            'braces': '{x}',
            'many letters': 'n' * 200,
            'line breaks': 'tab\tnew\nline',
        }.items()
    },
    'name of bytes that are no text': Case(bytes_that_are_no_text, result=lambda done: done.frames == 1),
    'name that is too long': refused('n' * 300 + '.csv', 'n{20}', whole=True),
    'a folder in the place of the file': refused(
        'a.csv', r'a\.csv', whole=True, before=lambda folder: (folder / 'a.csv' / 'b').mkdir(parents=True)
    ),
    'a file in the place of the folder': refused('out', 'out', before=lambda folder: (folder / 'out').write_text('')),
    'below a file': refused('f/out', 'f/out', before=lambda folder: (folder / 'f').write_text('')),
    'a device that is full': Case(full, error=r'/dev/full/out\.csv'),
    'in the kernel': refused('/proc/out', '/proc/out'),
    'a file of another kind': refused('a.pdf', r'a\.pdf does not end like a format', whole=True),
    'the input itself': refused('in/a.png', 'a.png', whole=True),
    'emoji': Case(run('\U0001f480/out'), result=lambda done: done.files[0].is_file()),
}
