import pytest

from running import QUICK, errors, mim


@pytest.fixture(scope='session')
def teacher(rendered, tmp_path_factory):
    """A demo teacher after one epoch, in the variable that the student's config reads: its file and its output."""
    folder = tmp_path_factory.mktemp('teacher')
    done = mim(
        'train',
        'spinepose_mm',
        'spinepose_demo_teacher.py',
        '--work-dir',
        'work',
        data=rendered,
        cwd=folder,
        options=QUICK,
    )
    assert done.returncode == 0, errors(done.stdout)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('SPINEPOSE_TEACHER', str(folder / 'work' / 'epoch_1.pth'))
        yield folder / 'work' / 'epoch_1.pth', done.stdout
