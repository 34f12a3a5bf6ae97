"""Install the pinned stack, then this package, into the environment of the Python that runs this file.

    python scripts/install.py --keep-torch       # into the environment that is active, with the torch it has
    python3.11 scripts/install.py --venv .venv   # into .venv, which is made where needed; `make setup` does this

Only the standard library is used, since nothing else is there yet. What is needed is read out of `setup.py`, and what
`constraints.txt` names is installed as pinned. mmcv and xtcocotools are built from source against it, and their wheels
kept in the user's cache, because the published mmcv wheels stop at torch 2.1 and xtcocotools' are built for numpy 1.
A second run does nothing.
"""

import argparse
import ast
import hashlib
import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PINS = ROOT / 'constraints.txt'
NEEDED_GB = 8


def setup_arguments():
    """Return {keyword: value} of the literal arguments of the call of `setup` in setup.py."""
    tree = ast.parse((ROOT / 'setup.py').read_text(encoding='utf-8'))
    (call,) = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, 'id', '') == 'setup'
    ]
    stated = {}
    for keyword in call.keywords:
        try:
            stated[keyword.arg] = ast.literal_eval(keyword.value)
        except ValueError:  # an expression, such as the version's
            pass
    return stated


def names(requirements):
    """Return the names of requirements, without versions and extras, each once."""
    return tuple(dict.fromkeys(re.match(r'[\w.-]+', requirement)[0] for requirement in requirements))


def with_own_extras(extra, extras):
    """Return the requirements of an extra; those of this package's extras that it names take the place of the name."""
    found = []
    for requirement in extras[extra]:
        own = re.fullmatch(r'spinepose_mm\[(.+)\]', requirement)
        if own:
            for name in own[1].split(','):
                found += with_own_extras(name, extras)
        else:
            found.append(requirement)
    return found


STATED = setup_arguments()
FIRST, TOO_NEW = map(int, re.fullmatch(r'>=3\.(\d+),<3\.(\d+)', STATED['python_requires']).groups())
#: The first and the last version of Python that will do.
PYTHONS = ((3, FIRST), (3, TOO_NEW - 1))
BUILD_TOOLS = ('pip', 'wheel', 'setuptools', 'ninja', 'psutil', 'cython')
TORCH = ('torch', 'torchvision', 'numpy')
#: The extra that has what is built, or goes in without its requirements.
MIM = 'mim'
FROM_SOURCE = ('mmcv', 'xtcocotools')
LIBRARIES = tuple(name for name in names(STATED['install_requires']) if name not in TORCH)
# mmpose asks for chumpy, which no longer builds and is never imported; openmim asks for opendatalab, which pins
# setuptools to 60.2. Both go in without their requirements, and what they really need follows.
WITHOUT_REQUIREMENTS = (
    *(name for name in names(STATED['extras_require'][MIM]) if name not in FROM_SOURCE),
    'openmim',
    'model-index',
)
MMPOSE_NEEDS = ('json_tricks', 'munkres', 'pycocotools', 'shapely', 'six', 'terminaltables', 'addict', 'rich', 'yapf')
MIM_NEEDS = ('click', 'colorama', 'ordered-set', 'tabulate', 'pandas', 'requests', 'markdown')
EXTRAS = {
    name: names(with_own_extras(name, STATED['extras_require'])) for name in STATED['extras_require'] if name != MIM
}
# Programs that the tests let read and run what is written here, and what they need; they ask for Qt, OpenVINO and a
# second OpenCV too, which are not used.
PROGRAMS = {'test': ('opensim', 'pose2sim', 'rtmlib', 'spinepose')}
PROGRAMS_NEED = {'test': ('anytree', 'c3d', 'OneEuroFilter', 'rtoml')}
SOURCES = (
    'setup.py',
    'pyproject.toml',
    'README.md',
    'LICENSE',
    'model-index.yml',
    'spinepose_mm',
    'spinepose_mm_cli.py',
    'configs',
    'tools',
)


class InstallError(Exception):
    """A reason to stop that the user can act on, in one line."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--venv', type=Path, help='folder of a virtual environment to install into')
    parser.add_argument(
        '--keep-torch', action='store_true', help='keep the torch, torchvision and numpy that are installed'
    )
    parser.add_argument('--extras', nargs='*', default=[], choices=sorted(EXTRAS), help='optional groups to add')
    args = parser.parse_args()
    try:
        check_python()
        if args.venv:
            python = make_venv(args.venv)
            os.execv(python, [str(python), __file__, '--extras', *args.extras] + ['--keep-torch'] * args.keep_torch)
        Installer(Path(sys.prefix), args.extras, args.keep_torch).run()
    except (InstallError, OSError) as error:
        sys.exit(f'error: {error}')
    except KeyboardInterrupt:
        sys.exit('error: interrupted; run it again to finish')


def check_python():
    """Raise InstallError where this Python is not one that the pinned set is for."""
    low, high = ('.'.join(map(str, version)) for version in PYTHONS)
    if not PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        raise InstallError(
            f'Python {low} or {high} is needed, but {sys.executable} is {platform.python_version()}; '
            f'name another one: make PYTHON=/path/to/python{low}'
        )


def make_venv(folder):
    """Return the Python of the virtual environment `folder`, which is made unless it is there and whole."""
    python = folder / 'bin' / 'python'
    if not (folder / 'bin' / 'pip').is_file() or not python.exists():
        print(f'-- making the virtual environment {folder} ...', flush=True)
        made = subprocess.run([sys.executable, '-m', 'venv', '--clear', str(folder)], capture_output=True, text=True)
        if made.returncode:
            shutil.rmtree(folder, ignore_errors=True)
            raise InstallError(f'{sys.executable} -m venv failed: {" ".join((made.stdout + made.stderr).split())}')
    return python.absolute()


def check_machine(prefix):
    """Raise InstallError where there is no environment, no compiler or too little disk."""
    if sys.prefix == sys.base_prefix and 'CONDA_PREFIX' not in os.environ:
        raise InstallError(
            f'{sys.executable} is not in a virtual environment; make one first '
            '(python3.11 -m venv .venv), or run `make setup`'
        )
    compiler = os.environ.get('CXX', 'c++').split()[0]
    if not (shutil.which(compiler) or shutil.which('g++')):
        raise InstallError(
            f'no C++ compiler ({compiler}) was found, and mmcv has to be built; '
            'install one (Debian, Ubuntu: apt-get install g++)'
        )
    header = Path(sysconfig.get_path('include'), 'Python.h')
    if not header.is_file():
        raise InstallError(
            f'{header} is missing, and mmcv has to be built; '
            'install the Python headers (Debian, Ubuntu: apt-get install python3-dev)'
        )
    free = shutil.disk_usage(prefix).free / 1e9
    if free < NEEDED_GB:
        raise InstallError(f'{prefix} has {free:.1f} GB free, and the installation needs {NEEDED_GB} GB')


class Installer:
    """Runs the steps in the one order that works.

    Args:
        prefix: root folder of the environment; the log and the stamps are written there.
        extras: names out of EXTRAS.
        keep_torch: keep those of torch, torchvision and numpy that are installed.
    """

    def __init__(self, prefix, extras=(), keep_torch=False):
        self.prefix = prefix
        self.extras = tuple(sorted(extras))
        self.log = prefix / 'install.log'
        self.kept = installed(TORCH) if keep_torch else {}
        self.pins = {**read_pins(PINS), **self.kept}

    def run(self):
        stack, package = self.stack_key(), package_key()
        stamps = {'stack': stack, 'package': package}
        current = {name: self.stamp(name).read_text() if self.stamp(name).is_file() else '' for name in stamps}
        if current['stack'] != stack:
            check_machine(self.prefix)
            self.stamp('stack').unlink(missing_ok=True)
            self.log.write_text('')
            self.install_stack()
            self.stamp('stack').write_text(stack)
        if current != stamps or not installed(['spinepose_mm']):
            self.stamp('package').unlink(missing_ok=True)
            # From a copy, since setuptools leaves a build folder behind, out of which it ships what was deleted since,
            # and an egg-info folder, for which mim takes the checkout for the installed package.
            with tempfile.TemporaryDirectory() as folder:
                for name in SOURCES:
                    source = ROOT / name
                    (shutil.copytree if source.is_dir() else shutil.copy2)(source, Path(folder, name))
                self.pip(
                    'installing spinepose_mm',
                    'install',
                    '--no-deps',
                    '--no-build-isolation',
                    '--force-reinstall',
                    folder,
                )
            self.stamp('package').write_text(package)

    def install_stack(self):
        with tempfile.TemporaryDirectory() as folder:
            pins = Path(folder, 'pins.txt')
            pins.write_text(''.join(f'{name}=={version}\n' for name, version in self.pins.items()))
            pinned = ('install', '-c', str(pins))
            self.pip('installing the build tools', *pinned, *BUILD_TOOLS)
            missing = [name for name in TORCH if name not in self.kept]
            if missing:
                self.pip(f'installing {self.named(missing)} (a minute or more: 3 GB to fetch)', *pinned, *missing)
            for name in FROM_SOURCE:
                wheel = self.wheel(name)
                self.pip(f'installing {wheel.name}', 'install', '--no-deps', '--force-reinstall', str(wheel))
            self.pip('installing the libraries', *pinned, *LIBRARIES, *MMPOSE_NEEDS, *MIM_NEEDS)
            self.pip(f'installing {self.named(WITHOUT_REQUIREMENTS)}', *pinned, '--no-deps', *WITHOUT_REQUIREMENTS)
            for extra in self.extras:
                self.pip(f'installing the extra [{extra}]', *pinned, *EXTRAS[extra], *PROGRAMS_NEED.get(extra, ()))
                if extra in PROGRAMS:
                    alone = PROGRAMS[extra]
                    self.pip(f'installing {self.named(alone)}', *pinned, '--no-deps', *alone)

    def wheel(self, name):
        """Return the path of a wheel of `name` built for this Python, torch and platform; build it where needed."""
        folder, cuda = self.wheel_cache()
        pattern = f'{name}-{self.pins[name]}-*.whl'
        if not any(folder.glob(pattern)):
            length = ', which takes about 10 minutes on 2 cores' if name == 'mmcv' else ''
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder) as building:
                # --no-cache-dir: pip's own cache would hand out a wheel built against another torch.
                self.pip(
                    f'building {name} {self.pins[name]} from source{length}',
                    'wheel',
                    '--no-build-isolation',
                    '--no-deps',
                    '--no-cache-dir',
                    '--no-binary',
                    name,
                    '-w',
                    building,
                    f'{name}=={self.pins[name]}',
                    **({} if cuda else {'CUDA_VISIBLE_DEVICES': ''}),
                )
                (built,) = Path(building).glob(pattern)
                built.replace(folder / built.name)
        return next(folder.glob(pattern))

    def wheel_cache(self):
        """Return the folder of wheels for this Python, torch, numpy and platform, and whether with CUDA operators."""
        code = 'import torch; print(torch.__version__, torch.cuda.is_available())'
        out = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
        if out.returncode:
            raise InstallError('torch does not import: ' + out.stderr.strip().splitlines()[-1])
        version, gpu = out.stdout.split()
        compiler = shutil.which('nvcc') or os.environ.get('CUDA_HOME')
        cuda = os.environ.get('FORCE_CUDA') == '1' or gpu == 'True' and bool(compiler)
        if gpu == 'True' and not cuda:
            print(
                '   there is a GPU, but no nvcc: mmcv is for the CPU. Pose models run on the GPU all the same, but '
                'the person detector does not',
                flush=True,
            )
        base = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache')
        tag = (
            f'{sys.implementation.cache_tag}-torch{version}-numpy{self.pins["numpy"].split(".")[0]}-'
            f'{"cuda" if cuda else "cpu"}ops-{sysconfig.get_platform()}'
        )
        return base / 'spinepose_mm' / 'wheels' / tag, cuda

    def pip(self, doing, *args, **variables):
        """Run pip, saying what it does and how long it took; its output goes to the log.

        Args:
            doing: what to say.
            args: those of pip.
            variables: environment variables to set for it.

        Raises:
            InstallError: pip failed.
        """
        print(f'-- {doing} ...', flush=True)
        start = time.monotonic()
        with self.log.open('a') as log:
            code = subprocess.call(
                [sys.executable, '-m', 'pip', '--disable-pip-version-check', *args],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **variables},
            )
        if code:
            text = self.log.read_text()
            if 'No space left on device' in text:
                raise InstallError(
                    f'the disk is full (while {doing}); {NEEDED_GB} GB are needed in {self.prefix}, '
                    f'and some in {tempfile.gettempdir()}'
                )
            lines = [line for line in text.splitlines() if line.strip()][-12:]
            raise InstallError(f'{doing} failed; the end of {self.log}:\n' + '\n'.join(lines))
        print(f'   done in {time.monotonic() - start:.0f} s', flush=True)

    def named(self, names):
        return ', '.join(f'{name} {self.pins[name]}' for name in names)

    def stamp(self, name):
        return self.prefix / f'.spinepose_mm-{name}'

    def stack_key(self):
        stated = (STATED['install_requires'], STATED['extras_require'])
        return digest([PINS, Path(__file__).resolve()], sys.version, *stated, *self.extras, *self.pins.items())


def package_key():
    paths = [path for name in SOURCES for path in sorted([ROOT / name, *(ROOT / name).rglob('*')])]
    return digest([path for path in paths if path.is_file() and '__pycache__' not in path.parts])


def digest(files, *words):
    total = hashlib.sha256(repr(words).encode())
    for path in files:
        total.update(os.path.relpath(path, ROOT).encode() + path.read_bytes())
    return total.hexdigest()


def read_pins(path):
    """Return {name: version} of the `name==version` lines of a constraints file."""
    return dict(re.findall(r'^([\w.-]+)==(\S+)', path.read_text(), re.MULTILINE))


def installed(names):
    """Return {name: version} of those distributions of `names` that are installed."""
    found = {}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pass
    return found


if __name__ == '__main__':
    main()
