import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

ROOT = Path(__file__).parent
NAME = 'spinepose_mm'
SHIPPED = ('configs', 'tools', 'model-index.yml')


def ship(package, link=False):
    """Put what mim looks for into `package`/.mim, as copies, or as links for an editable install."""
    folder = Path(package, '.mim')
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in SHIPPED:
        source, target = ROOT / name, folder / name
        if link:
            target.symlink_to(source.resolve(), target_is_directory=source.is_dir())
        elif source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns('__pycache__'))
        else:
            shutil.copy2(source, target)


def long_description():
    """Return README.md without its relative links, images and their captions: a package index cannot follow them."""
    text = (ROOT / 'README.md').read_text(encoding='utf-8')
    text = re.sub(r'!\[[^]]*\]\((?!https?:)[^)]*\)\n+(\*[^*]+\*\n+)?', '', text)
    return re.sub(r'\[([^]]*)\]\((?!https?:)[^)]*\)', r'\1', text)


class BuildPy(build_py):
    def run(self):
        super().run()
        if self.editable_mode:
            ship(ROOT / NAME, link=True)
        else:
            ship(Path(self.build_lib, NAME))


class Sdist(sdist):
    def make_release_tree(self, base_dir, files):
        super().make_release_tree(base_dir, files)
        ship(Path(base_dir, NAME))


setup(
    name=NAME,
    version=re.search(r"'(.+)'", (ROOT / NAME / 'version.py').read_text())[1],
    description='SpinePose for MMPose: estimating the human spine from images and video',
    long_description=long_description(),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    py_modules=[f'{NAME}_cli'],
    entry_points=dict(console_scripts=[f'{NAME} = {NAME}_cli:main']),
    packages=find_packages(include=[NAME, f'{NAME}.*']),
    package_data={NAME: ['py.typed', 'weights/*', 'synthetic/shapes.*']},
    python_requires='>=3.11,<3.13',
    # These lists are literals, since scripts/install.py reads them out of this file.
    # torch: from 2.6 on, checkpoints are loaded as data; numpy: what xtcocotools and mmcv are built against here.
    install_requires=[
        'torch>=2.6',
        'numpy>=1.26,<2.3',
        'mmengine>=0.10.7,<0.11',
        'opencv-python>=4.8,<5',
        'safetensors>=0.4',
        'simplejpeg>=1.7',
        'scipy>=1.10',
        'tqdm',
        'requests',
        'matplotlib',
        'pillow',
        'filelock>=3.22',
    ],
    extras_require={
        # As for MMPose itself, what has to be built or has broken requirements is mim's business, or that of
        # scripts/install.py: pip alone would try to build chumpy for mmpose, and mmcv without torch.
        'mim': ['mmcv>=2.1,<2.2', 'mmdet>=3.3,<3.4', 'mmpose>=1.3.2,<1.4', 'xtcocotools>=1.14'],
        'synthetic': ['pyvista>=0.49'],
        'simspine': ['h5py>=3.8'],
        'onnx': ['onnx>=1.16', 'onnxruntime>=1.18'],
        'parquet': ['pyarrow>=14'],
        'video': ['av>=15.1'],
        'vitpose': ['mmpretrain>=1.2,<1.3'],
        'docs': ['sphinx>=8', 'furo>=2025.7', 'myst-parser>=4'],
        # The programs that results are tried in (rtmlib, spinepose, Pose2Sim, OpenSim) are installed without their
        # requirements, by scripts/install.py too.
        'test': [
            'spinepose_mm[onnx,parquet,simspine,synthetic,video,vitpose]',
            'pytest>=8',
            'hypothesis>=6.100',
            'lxml',
            'packaging',
        ],
        # What `make lint` and the hooks of .pre-commit-config.yaml run.
        'dev': ['ruff>=0.17', 'mypy>=2.4', 'pre-commit>=4', 'pre-commit-hooks>=6', 'check-jsonschema>=0.39'],
    },
    cmdclass={'build_py': BuildPy, 'sdist': Sdist},
    zip_safe=False,
)
