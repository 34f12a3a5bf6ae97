import os
import subprocess
import sys
import types
from pathlib import Path

import pytest


@pytest.fixture
def pip_calls(install, monkeypatch):
    """Arguments of the calls of pip, which are not carried out; `wheel` makes an empty file."""
    calls = []

    def call(command, stdout, stderr, env):
        calls.append(command[4:])
        if 'wheel' in command[4:5]:
            name, version = command[-1].split('==')
            Path(command[command.index('-w') + 1], f'{name}-{version}-cp311-none-any.whl').touch()
        return 0

    monkeypatch.setattr(install.subprocess, 'call', call)
    return calls


@pytest.fixture
def installer(install, tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    return install.Installer(tmp_path, ['test'])


def test_wrong_python_is_one_line(install, monkeypatch):
    monkeypatch.setattr(install.sys, 'version_info', (3, 9, 1))
    with pytest.raises(install.InstallError, match='Python 3.11 or 3.12 is needed.*make PYTHON='):
        install.check_python()


def test_errors_leave_no_traceback(install, tmp_path):
    """A real run in a new environment on a machine without a compiler."""
    subprocess.check_call([sys.executable, '-m', 'venv', '--without-pip', tmp_path / 'venv'])
    done = subprocess.run(
        [tmp_path / 'venv' / 'bin' / 'python', install.__file__],
        text=True,
        capture_output=True,
        env={**os.environ, 'PATH': str(tmp_path), 'CXX': 'none'},
    )
    assert done.returncode == 1
    assert done.stderr.startswith('error: no C++ compiler (none)') and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    'change, message',
    [
        (lambda m: m.setattr('shutil.which', lambda name: None), r'no C\+\+ compiler'),
        (lambda m: m.setattr('sysconfig.get_path', lambda name: '/nowhere'), r'Python\.h is missing'),
        (
            lambda m: m.setattr('shutil.disk_usage', lambda path: types.SimpleNamespace(free=2e9)),
            '2.0 GB free.*needs 8 GB',
        ),
        (lambda m: m.setattr('sys.prefix', sys.base_prefix), 'not in a virtual environment'),
    ],
)
def test_machine_is_checked(install, monkeypatch, tmp_path, change, message):
    monkeypatch.delenv('CONDA_PREFIX', raising=False)
    install.check_machine(tmp_path)
    change(monkeypatch)
    with pytest.raises(install.InstallError, match=message):
        install.check_machine(tmp_path)


def test_full_disk_while_installing(install, installer, monkeypatch):
    def call(command, stdout, stderr, env):
        stdout.write('ERROR: Could not install packages: [Errno 28] No space left on device\n')
        return 1

    monkeypatch.setattr(install.subprocess, 'call', call)
    with pytest.raises(install.InstallError, match='the disk is full'):
        installer.run()
    assert not installer.stamp('stack').exists()


def test_failing_step_shows_the_end_of_its_log(install, installer, monkeypatch):
    def call(command, stdout, stderr, env):
        stdout.write('first\n' * 50 + 'the reason\n')
        return 1

    monkeypatch.setattr(install.subprocess, 'call', call)
    with pytest.raises(install.InstallError, match='(?s)build tools failed.*the reason'):
        installer.run()


def test_second_run_does_nothing_and_changed_sources_install_the_package_alone(
    install, installer, pip_calls, monkeypatch
):
    installer.run()
    names = ' '.join(word for call in pip_calls for word in call)
    assert all(name in names for name in ('torch', 'mmcv', 'mmpose', 'openmim', 'pytest'))
    (alone,) = [call for call in pip_calls if 'rtmlib' in call]  # not the second OpenCV that it asks for
    assert '--no-deps' in alone and 'spinepose' in alone
    pip_calls.clear()
    installer.run()
    assert pip_calls == []
    monkeypatch.setattr(install, 'package_key', lambda: 'changed')
    installer.run()
    assert len(pip_calls) == 1 and '--force-reinstall' in pip_calls[0]


def test_changed_pins_install_anew(install, installer, pip_calls, monkeypatch, tmp_path):
    installer.run()
    pip_calls.clear()
    pins = install.ROOT / 'constraints.txt'
    changed = tmp_path / 'constraints.txt'
    changed.write_text(pins.read_text().replace('mmpose==1.3.2', 'mmpose==1.3.1'))
    monkeypatch.setattr(install, 'PINS', changed)
    install.Installer(tmp_path, ['test']).run()
    assert any('mmcv' in ' '.join(call) for call in pip_calls)


def test_interrupted_change_is_not_taken_for_done(install, installer, monkeypatch, pip_calls):
    """Pins A, then B but interrupted, then A again: the environment is half B."""
    installer.run()
    pins = dict(installer.pins)
    installer.pins['mmpose'] = '1.3.1'

    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(install.subprocess, 'call', interrupted)
        with pytest.raises(KeyboardInterrupt):
            installer.run()
    installer.pins = pins
    pip_calls.clear()
    installer.run()
    assert any('mmpose' in call for call in pip_calls)


def test_wheels_are_built_once_and_kept_by_python_and_torch(install, installer, pip_calls, monkeypatch):
    first = installer.wheel('mmcv')
    assert first == installer.wheel('mmcv') and len(pip_calls) == 1
    assert '--no-build-isolation' in pip_calls[0] and '--no-cache-dir' in pip_calls[0]
    assert sys.implementation.cache_tag in first.parent.name and 'torch2' in first.parent.name
    assert [path.name for path in first.parent.iterdir()] == [first.name]  # nothing half-built beside it
    installer.pins['numpy'] = '1.26.4'
    assert installer.wheel('mmcv').parent != first.parent
    installer.pins['numpy'] = '2.2.6'
    monkeypatch.setenv('FORCE_CUDA', '1')
    assert installer.wheel('mmcv').parent != first.parent


def test_torch_is_kept_where_asked(install, tmp_path, pip_calls, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.setattr(install, 'installed', lambda names: {'torch': '2.7.0', 'torchvision': '0.22.0'})
    installer = install.Installer(tmp_path, keep_torch=True)
    assert installer.pins['torch'] == '2.7.0' and installer.pins['numpy'] == install.read_pins(install.PINS)['numpy']
    installer.install_stack()
    asked = [call for call in pip_calls if call[0] == 'install']
    assert not any(word in ('torch', 'torchvision') for call in asked for word in call)
    assert any('numpy' in call for call in asked)


def test_interrupted_venv_is_made_anew(install, tmp_path):
    (tmp_path / 'venv' / 'bin').mkdir(parents=True)
    python = install.make_venv(tmp_path / 'venv')
    assert subprocess.check_output([python, '-m', 'pip', '--version'])
