import io
import json
import os
import runpy
import stat
import zipfile

import pytest

import builders
from hub import Server
from spinepose_mm.datasets import spinetrack_archive
from spinepose_mm.datasets.spinetrack_archive import count_images, fetch_spinetrack, unpack
from spinepose_mm.datasets.validation.report import ERROR, validate

# As the data set's page documents them.
FOLDERS = ('train-real-coco', 'train-real-yoga', 'train-unreal', 'val2017')
LABELS = [f'annotations/person_keypoints_{folder}.json' for folder in FOLDERS]
IMAGES = [f'images/{folder}/{i}.jpg' for folder in FOLDERS for i in (1, 2)]


@pytest.fixture(scope='session')
def content(tmp_path_factory):
    """{documented path: bytes} of a small SpineTrack of two images each."""
    folder = tmp_path_factory.mktemp('content')
    labels = builders.write_annotations(folder / 'a.json', [builders.person(1), builders.person(2, image_id=2)])
    return {
        **{name: labels.read_bytes() for name in LABELS},
        **{name: (folder / name.rsplit('/', 1)[1]).read_bytes() for name in IMAGES},
    }


def archive(files):
    """Return the bytes of a zip of {name or ZipInfo: bytes}."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, 'w') as file:
        for name, data in files.items():
            file.writestr(name, data)
    return memory.getvalue()


@pytest.fixture
def hub(content, monkeypatch):
    with Server() as server:
        for part in ('annotations', 'images'):
            server.files[f'{part}.zip'] = archive(
                {name: data for name, data in content.items() if name.startswith(part)}
            )
        monkeypatch.setenv('HF_ENDPOINT', f'{server.url}/hub/')
        yield server


def files(root):
    return {str(path.relative_to(root)) for path in root.rglob('*') if path.is_file()}


def run(monkeypatch, *args):
    """Run the command in this process."""
    monkeypatch.setattr('sys.argv', ['fetch_spinetrack', *map(str, args)])
    runpy.run_path(builders.tool('fetch_spinetrack'), run_name='__main__')


def test_fetched_data_can_be_checked(hub, content, tmp_path, monkeypatch, capsys):
    """The command, over a connection that breaks in the middle."""
    hub.breaks, hub.after = 1, 70_000
    run(monkeypatch, '--out', tmp_path)
    said = capsys.readouterr().out
    assert said.index('Licence: ') < said.index(f'unpacked: {tmp_path}/{LABELS[0]}')
    assert f'stands on {hub.url}/hub/datasets/saifkhichi96/spinetrack' in said
    assert 'val2017: 2 of the 2 images that its annotations name are there' in said
    assert files(tmp_path) == set(content)
    assert all((tmp_path / name).read_bytes() == data for name, data in content.items())
    path = '/hub/datasets/saifkhichi96/spinetrack/resolve/main/'
    assert [one for one in hub.asked if one[0].startswith('/hub')] == [
        (path + 'annotations.zip', None),
        (path + 'images.zip', None),
        (path + 'images.zip', 'bytes=65536-'),
    ]
    assert not validate(tmp_path / LABELS[3], tmp_path / 'images/val2017').count(ERROR)


def test_missing_images_are_an_error(hub, content, tmp_path, monkeypatch, capsys):
    hub.files['images.zip'] = archive({name: content[name] for name in IMAGES[:-1]})
    with pytest.raises(SystemExit, match='error: images are missing in .*images/val2017; if another'):
        run(monkeypatch, '--out', tmp_path)
    assert 'val2017: 1 of the 2 images' in capsys.readouterr().out


def test_what_is_there_is_not_fetched_again(hub, content, tmp_path):
    (tmp_path / 'images/val2017').mkdir(parents=True)
    (tmp_path / 'images/val2017/own.jpg').write_bytes(b'own')
    unpacked = fetch_spinetrack(tmp_path)
    assert unpacked == LABELS + [f'images/{folder}' for folder in FOLDERS[:3]]
    assert files(tmp_path) == {name for name in content if 'images/val2017' not in name} | {'images/val2017/own.jpg'}
    assert count_images(tmp_path)['val2017'] == (0, 2)
    asked = len(hub.asked)
    assert fetch_spinetrack(tmp_path) == [] and len(hub.asked) == asked


def test_archives_are_kept_on_request(hub, tmp_path):
    fetch_spinetrack(tmp_path, parts=['annotations'], keep=True)
    assert files(tmp_path) == {*LABELS, 'annotations.zip'}


def test_an_archive_of_ones_own_is_unpacked_and_kept(hub, tmp_path):
    (tmp_path / 'annotations.zip').write_bytes(hub.files['annotations.zip'])
    fetch_spinetrack(tmp_path, parts=['annotations'])
    assert files(tmp_path) == {*LABELS, 'annotations.zip'} and not hub.asked


def test_a_wrong_hash(hub, tmp_path):
    hub.stated = '0' * 64
    with pytest.raises(ConnectionError, match='annotations.zip is not what was published: its SHA-256 is .* expected'):
        fetch_spinetrack(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    'change',
    [
        lambda name: name,
        lambda name: name.split('/', 1)[1],
        lambda name: f'spinetrack/{name}',
        lambda name: f'a/b/{name.split("/", 1)[1]}',
        lambda name: name.replace('/', '\\'),
    ],
    ids=['documented', 'bare', 'a folder around', 'other folders', 'Windows'],
)
def test_folders_around_do_not_matter(content, tmp_path, change, warnings):
    packed = {change(name): data for name, data in content.items() if name.startswith('images')}
    packed = {'__MACOSX/images/val2017/._1.jpg': b'', **packed, change('images/val2017/') + '.DS_Store': b''}
    (tmp_path / 'images.zip').write_bytes(archive(packed))
    assert unpack(tmp_path / 'images.zip', tmp_path / 'images', FOLDERS) == [f'images/{folder}' for folder in FOLDERS]
    assert files(tmp_path) == {*IMAGES, 'images.zip'} and not warnings()


def test_what_is_left_out_is_named(content, tmp_path, warnings):
    (tmp_path / 'a.zip').write_bytes(
        archive(
            {
                'LICENSE': b'',
                'data/note.txt': b'',
                **{f'data/{name}': b'1' for name in LABELS},
                'data/annotations/more.json': b'2',
            }
        )
    )
    names = [name.split('/')[1] for name in LABELS]
    assert unpack(tmp_path / 'a.zip', tmp_path / 'annotations', names) == ['annotations/more.json', *LABELS]
    assert 'a.zip: LICENSE, data/note.txt are left out' in warnings()


@pytest.mark.parametrize(
    'packed, message',
    [
        (
            {'images/val2017/1.jpg': b'', 'images/test/1.jpg': b''},
            r'train-real-coco, train-real-yoga, train-unreal, val2017 are expected in one folder or at the top, but '
            r'it holds images/test/\.\.\., images/val2017/\.\.\.$',
        ),
        ({f'{folder}s/{folder}/1.jpg': b'' for folder in FOLDERS}, 'are expected in one folder'),
        ({}, 'but it holds no files'),
        (
            {'../escaped.jpg': b'', **{name: b'' for name in IMAGES}},
            r"holds '\.\./escaped\.jpg', which is a link or leads",
        ),
        ({'/tmp/escaped.jpg': b'', **{name: b'' for name in IMAGES}}, "holds '/tmp/escaped.jpg'"),
        ({'images\\..\\..\\escaped.jpg': b'', **{name: b'' for name in IMAGES}}, 'leads out of the folder'),
    ],
)
def test_other_contents_are_refused(tmp_path, packed, message):
    (tmp_path / 'data').mkdir()
    path = tmp_path / 'data/images.zip'
    path.write_bytes(archive(packed))
    with pytest.raises(ValueError, match=message):
        unpack(path, tmp_path / 'data/images', FOLDERS)
    assert files(tmp_path) == {'data/images.zip'} and os.listdir(tmp_path / 'data') == ['images.zip']


def test_links_are_refused(tmp_path):
    link = zipfile.ZipInfo('images/val2017/link.jpg')
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    (tmp_path / 'images.zip').write_bytes(archive({**{name: b'' for name in IMAGES}, link: b'/etc/passwd'}))
    with pytest.raises(ValueError, match='which is a link'):
        unpack(tmp_path / 'images.zip', tmp_path / 'images', FOLDERS)


def test_nothing_half_unpacked_is_left(content, tmp_path):
    """A byte of the last image is wrong, which its checksum shows; the files of a killed run are removed."""
    data = bytearray(archive({name: data for name, data in content.items() if name.startswith('images')}))
    place = data.rindex(content[IMAGES[-1]]) + 100
    data[place] ^= 1
    (tmp_path / 'images.zip').write_bytes(data)
    for _ in range(2):
        with pytest.raises(ValueError, match=r'images\.zip cannot be unpacked: Bad CRC-32 .*Remove it'):
            unpack(tmp_path / 'images.zip', tmp_path / 'images', FOLDERS)
        assert os.listdir(tmp_path) == ['images.zip']
        (tmp_path / '.images.unpacking/val2017').mkdir(parents=True)
    data[place] ^= 1
    (tmp_path / '.images.unpacking/val2017/stale.jpg').write_bytes(b'')
    (tmp_path / 'images.zip').write_bytes(data)
    unpack(tmp_path / 'images.zip', tmp_path / 'images', FOLDERS)
    assert files(tmp_path) == {*IMAGES, 'images.zip'}
    (tmp_path / 'images.zip').write_bytes(data[:-30])
    with pytest.raises(ValueError, match='images.zip cannot be unpacked: File is not a zip file'):
        unpack(tmp_path / 'images.zip', tmp_path / 'other', FOLDERS)


def test_a_disk_that_is_full(content, tmp_path, monkeypatch):
    usage = spinetrack_archive.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(spinetrack_archive.shutil, 'disk_usage', lambda path: usage._replace(free=1000))
    (tmp_path / 'images.zip').write_bytes(archive({name: b'x' * 200 for name in IMAGES}))
    with pytest.raises(OSError, match='1600 bytes are needed to unpack .*images.zip, and 1000 are free'):
        unpack(tmp_path / 'images.zip', tmp_path / 'images', FOLDERS)
    assert os.listdir(tmp_path) == ['images.zip']


def test_images_are_counted_by_the_annotations(content, tmp_path):
    for name, data in content.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (tmp_path / IMAGES[0]).unlink()
    assert count_images(tmp_path) == {**dict.fromkeys(FOLDERS, (2, 2)), 'train-real-coco': (1, 2)}
    (tmp_path / LABELS[1]).write_text(json.dumps(dict(images=[1])))
    with pytest.raises(ValueError, match=r'train-real-yoga\.json is not in COCO format: TypeError'):
        count_images(tmp_path)
