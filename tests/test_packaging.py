"""What is shipped, in each way of installing."""

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.tools
ROOT = Path(__file__).parents[1]
SHIPPED = (
    '.mim/model-index.yml',
    '.mim/configs/metafile.yml',
    '.mim/configs/spinepose_v1_small.py',
    '.mim/configs/_base_/spinetrack.py',
    '.mim/tools/train.py',
    '.mim/tools/misc/check_dataset.py',
    'skeleton.py',
    'py.typed',
)


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    """A copy of the tracked files, so that the checkout stays as it is."""
    folder = tmp_path_factory.mktemp('source')
    for name in subprocess.check_output(['git', 'ls-files'], cwd=ROOT, text=True).splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def python(*args, cwd):
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', *args], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


def build(kind, source, out):
    python('-c', f'from setuptools import build_meta; build_meta.build_{kind}({str(out)!r})', cwd=source)
    return next(out.iterdir())


def test_wheel(source, tmp_path):
    wheel = zipfile.ZipFile(build('wheel', source, tmp_path))
    names = wheel.namelist()
    assert {'spinepose_mm_cli.py', *(f'spinepose_mm/{name}' for name in SHIPPED)} <= set(names)
    (commands,) = [wheel.read(name).decode() for name in names if name.endswith('/entry_points.txt')]
    assert 'spinepose_mm = spinepose_mm_cli:main' in commands
    (metadata,) = (wheel.read(name).decode() for name in names if name.endswith('/METADATA'))
    assert '](https://' in metadata and not re.search(r'\]\((?!https://)', metadata)  # a package index has no files
    assert not [name for name in names if name.startswith(('tests', 'configs', 'tools')) or '__pycache__' in name]


def test_sdist_and_the_wheel_built_from_it(source, tmp_path):
    archive = tarfile.open(build('sdist', source, tmp_path))
    names = {name.split('/', 1)[-1] for name in archive.getnames()}
    assert {f'spinepose_mm/{name}' for name in SHIPPED} <= names
    assert {'setup.py', 'spinepose_mm_cli.py', 'README.md', 'LICENSE', 'constraints.txt', 'scripts/install.py'} <= names
    archive.extractall(tmp_path / 'unpacked', filter='data')
    out = tmp_path / 'wheel'
    out.mkdir()
    wheel = build('wheel', next((tmp_path / 'unpacked').iterdir()), out)
    assert {f'spinepose_mm/{name}' for name in SHIPPED} <= set(zipfile.ZipFile(wheel).namelist())


def test_editable_install(source, tmp_path):
    # Not by pip, which would take the package out of the environment that the tests run in.
    (tmp_path / 'wheel').mkdir()
    site = tmp_path / 'site'
    zipfile.ZipFile(build('editable', source, tmp_path / 'wheel')).extractall(site)
    out = python(
        '-c',
        f'import site, sys; sys.path = [p for p in sys.path if not p.endswith("site-packages")]; '
        f'import importlib.util as u; site.addsitedir({str(site)!r}); '
        'print(u.find_spec("spinepose_mm").origin)',
        cwd=tmp_path,
    )
    package = Path(out.strip()).parent
    assert package == source / 'spinepose_mm'
    assert all((package / name).is_file() for name in SHIPPED)


def test_metadata_states_ranges_and_extras():
    import importlib.metadata as metadata

    meta = metadata.metadata('spinepose_mm')
    assert meta['Name'] in ('spinepose_mm', 'spinepose-mm') and meta['License'] == 'Apache-2.0'
    needs = meta.get_all('Requires-Dist')
    assert any(need.startswith('torch>=2.6') for need in needs)
    assert any(need.startswith('mmpose') and 'extra == "mim"' in need for need in needs)
