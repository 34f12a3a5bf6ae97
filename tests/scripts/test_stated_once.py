"""What setup.py states is not repeated differently elsewhere."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
FOR_CONTRIBUTORS = ('test', 'dev', 'docs')


def text(name):
    return (ROOT / name).read_text(encoding='utf-8')


def documents():
    return '\n'.join(text(path) for path in ['README.md', 'CONTRIBUTING.md', *sorted(ROOT.glob('docs/*.md'))])


@pytest.fixture
def pins(install):
    return {canonicalize_name(name): version for name, version in install.read_pins(install.PINS).items()}


def test_installer_reads_setup(install, tmp_path, monkeypatch):
    (tmp_path / 'setup.py').write_text(
        "setup(name=NAME, python_requires='>=3.11,<3.14', install_requires=['a>=1'], "
        "extras_require={'b': ['c[d]>=2', 'e'], 'all': ['spinepose_mm[b,f]', 'e', 'g'], 'f': ['h']})"
    )
    monkeypatch.setattr(install, 'ROOT', tmp_path)
    stated = install.setup_arguments()
    assert stated['install_requires'] == ['a>=1'] and 'name' not in stated
    requirements = install.with_own_extras('all', stated['extras_require'])
    assert requirements == ['c[d]>=2', 'e', 'h', 'e', 'g'] and install.names(requirements) == ('c', 'e', 'h', 'g')


def test_pins_are_within_the_ranges(install, pins):
    stated = install.STATED
    every = [*stated['install_requires'], *(item for extra in stated['extras_require'].values() for item in extra)]
    wrong = []
    for requirement in map(Requirement, every):
        name = canonicalize_name(requirement.name)
        if name != 'spinepose-mm' and (name not in pins or pins[name] not in requirement.specifier):
            wrong.append((str(requirement), pins.get(name)))
    assert not wrong


def test_everything_that_is_installed_is_pinned(install, pins):
    asked = [*install.TORCH, *install.FROM_SOURCE, *install.LIBRARIES, *install.WITHOUT_REQUIREMENTS]
    asked += [*install.MMPOSE_NEEDS, *install.MIM_NEEDS]
    for group in (install.EXTRAS, install.PROGRAMS, install.PROGRAMS_NEED):
        asked += [name for row in group.values() for name in row]
    assert [name for name in asked if canonicalize_name(name) not in pins] == []


def test_version_of_the_citation():
    (version,) = re.findall(r"'(.+)'", text('spinepose_mm/version.py'))
    assert yaml.safe_load(text('CITATION.cff'))['version'] == version


def test_versions_of_python(install):
    stated = [tuple(f'{major}.{minor}' for major, minor in install.PYTHONS)]
    named = re.findall(r'Python (3\.\d+) or (3\.\d+)', documents())
    assert named == stated * len(named) and named
    assert '({}, {}) <= sys.version_info[:2] <= ({}, {})'.format(*sum(install.PYTHONS, ())) in text('Makefile')
    linters = tomllib.loads(text('pyproject.toml'))['tool']
    first = stated[0][0]
    assert linters['mypy']['python_version'] == first
    assert linters['ruff']['target-version'] == 'py' + first.replace('.', '')
    job = yaml.safe_load(text('.github/workflows/tests.yml'))['jobs']['tests']
    assert [tuple(job['strategy']['matrix']['python-version'])] == stated


def test_versions_and_sizes_in_the_documents(install, pins):
    named = re.findall(r'\b(mmpose|mmdet|mmcv|mmengine) (\d+\.\d+\.\d+)', ' '.join(documents().split()))
    assert [(name, version) for name, version in named if pins[name] != version] == []
    ranges = re.findall(r'"([a-z]+[<>=][^"]*)"', documents())
    assert [each for each in ranges if each not in install.STATED['install_requires']] == []
    assert set(re.findall(r'(\d+) GB of disk', documents())) == {str(install.NEEDED_GB)}


def test_extras_in_the_documents(install):
    rows = dict(re.findall(r'^\| `(\w+)` \| `([\w -]+)` \|', documents(), re.MULTILINE))
    extras = {name: ' '.join(needs) for name, needs in install.EXTRAS.items() if name not in FOR_CONTRIBUTORS}
    assert {name: rows.get(name) for name in extras} == extras


def test_make_targets_that_are_called_exist():
    targets = set(re.findall(r'^(\w[\w-]*):', text('Makefile'), re.MULTILINE))
    callers = [*ROOT.glob('.github/workflows/*.yml'), *ROOT.glob('.github/actions/*/*.yml'), ROOT / '.ci' / 'run']
    commands = '\n'.join(path.read_text(encoding='utf-8') for path in callers)
    called = set(re.findall(r'(?:run: |^)make ([\w-]+)', commands, re.MULTILINE))
    assert {'setup', 'lint', 'test'} <= called <= targets
