"""Sphinx's settings; `make docs` builds the site.

The source folder is the root of the repository (see the Makefile), so that README.md, CHANGELOG.md, CONTRIBUTING.md
and configs/README.md are pages of the site as they stand, and every relative link between them is checked.
"""

import pkgutil
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import spinepose_mm  # noqa: E402

project = 'spinepose_mm'
version = release = spinepose_mm.__version__
root_doc = 'docs/index'
include_patterns = ['docs/**', '*.md', 'configs/README.md', 'spinepose_mm/weights/README.md']
exclude_patterns = ['.*', 'build', 'data', 'dist', 'demo_results', 'tests', 'vis_data', 'work_dirs', '**/__pycache__']
templates_path = ['_templates']
extensions = ['myst_parser', 'sphinx.ext.autodoc', 'sphinx.ext.napoleon']

myst_heading_anchors = 4  # anchors of headings, as GitHub makes them

nitpicky = True  # references to what is not there are warnings, and `make docs` makes warnings errors
nitpick_ignore_regex = [('py:.*', r'(?!spinepose_mm\.).*')]  # other packages' classes, and words of docstrings
default_role = 'code'
napoleon_use_ivar = True
smartquotes = False  # they would change 'camera' and --3d in prose
autodoc_typehints = 'description'
autodoc_member_order = 'bysource'
autodoc_default_options = {'members': True, 'imported-members': True}

html_theme = 'furo'
html_title = f'spinepose_mm {version}'
html_additional_pages = {'index': 'start.html'}
html_copy_source = False
html_show_copyright = False

NOT_PUBLIC = {'spinepose_mm.benchmarks', 'spinepose_mm.patches'}  # used by tools, and by `import spinepose_mm`
_INLINE = re.compile(r'(`[^`]*`)|([*|]|_(?!\w))')


def escape(app, what, name, obj, options, lines):
    """Escape what docstrings write plainly and reStructuredText would take for markup, such as `|s|` and `*`."""
    doctest = False
    for i, line in enumerate(lines):
        doctest = line.lstrip().startswith('>>>') or doctest and bool(line.strip())
        if not doctest:
            lines[i] = _INLINE.sub(lambda match: match[1] or '\\' + match[2], line)


def check_rooms(app):
    """Raise ExtensionError where a package with public names is missing in the API reference."""
    from sphinx.errors import ExtensionError

    pages = ''.join(path.read_text(encoding='utf-8') for path in ROOT.glob('docs/api*.md'))
    for module in pkgutil.iter_modules(spinepose_mm.__path__, 'spinepose_mm.'):
        if module.ispkg and module.name not in NOT_PUBLIC and f'automodule:: {module.name}\n' not in pages:
            raise ExtensionError(f'docs/api.md lacks the package {module.name}')


def setup(app):
    from mmcv.transforms.utils import cache_randomness

    # Its methods cannot be looked up on their class: mmcv raises a TypeError there, on which Sphinx stops.
    bind = cache_randomness.__get__
    cache_randomness.__get__ = lambda self, instance, owner=None: instance and bind(self, instance, owner)
    app.connect('autodoc-process-docstring', escape, priority=400)  # before Napoleon
    app.connect('builder-inited', check_rooms)
