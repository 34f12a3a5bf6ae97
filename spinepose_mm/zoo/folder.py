"""Where this package's configs and tools are. It imports the standard library alone, for the command's quick --help."""

from pathlib import Path


def index_folder() -> Path:
    """Return the folder of this package's model-index.yml, configs and tools.

    It is `.mim` in an installed package, and the repository's root in a checkout.

    Raises:
        FileNotFoundError: there is neither.
    """
    package = Path(__file__).parents[1]
    for folder in (package / '.mim', package.parent):
        if (folder / 'model-index.yml').is_file():
            return folder
    raise FileNotFoundError(f'spinepose_mm is not installed whole: {package} has no .mim/model-index.yml')
