"""The command `spinepose_mm`: the tools of `tools/` as its subcommands, the same files that `mim run` runs.

    spinepose_mm --help
    spinepose_mm infer squat.mp4 --out results

It is a module beside the package, since importing a module of the package imports PyTorch and OpenMMLab with it, which
takes seconds: --help, --version and a mistyped name do not need them.
"""

import argparse
import ast
import difflib
import importlib.util
import runpy
import sys
from pathlib import Path
from types import ModuleType

COMMAND = 'spinepose_mm'
#: Folder of the tools of earlier releases, which --help does not list.
_DEPRECATED = 'deprecated'


def main() -> None:
    """Run the tool that this process's arguments name; end with its exit code, and with 130 after Ctrl-C."""
    try:
        _main()
    except KeyboardInterrupt:
        print(file=sys.stderr)  # the shell's prompt begins a line
        sys.exit(130)


def _main() -> None:
    spec = importlib.util.find_spec(COMMAND)
    if spec is None or spec.origin is None:
        sys.exit(f'error: the package {COMMAND} is not installed')
    package = Path(spec.origin).parent
    scripts = tools(runpy.run_path(str(package / 'zoo' / 'folder.py'))['index_folder']() / 'tools')
    parser = argparse.ArgumentParser(
        prog=COMMAND,
        usage='%(prog)s TOOL ...',
        description='SpinePose for MMPose: estimating the human spine from images and video.',
        epilog=_listing(scripts),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    version = runpy.run_path(str(package / 'version.py'))['__version__']
    parser.add_argument('--version', action='version', version=f'{COMMAND} {version}')
    parser.add_argument('tool', metavar='TOOL', help='one of those below; TOOL --help lists its options')
    parser.add_argument('arguments', nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    if len(sys.argv) == 1:
        parser.print_help(sys.stderr)
        sys.exit(2)
    args = parser.parse_args()
    if args.tool not in scripts:
        near = ', '.join(difflib.get_close_matches(args.tool, scripts))
        hint = f'near: {near}; ' if near else f'is `{COMMAND} infer` meant? ' if Path(args.tool).exists() else ''
        print(f'error: there is no tool named {args.tool!r}; {hint}`{COMMAND} --help` lists them', file=sys.stderr)
        sys.exit(2)
    run(args.tool, scripts[args.tool], args.arguments)


def tools(folder: Path) -> dict[str, Path]:
    """Return {name: script} of the tools in a folder and in the folders below it."""
    return {path.stem: path for path in sorted(folder.rglob('*.py'), key=lambda path: path.stem)}


def run(name: str, script: Path, arguments: list[str]) -> None:
    """Run a tool in this process as its main program.

    `runpy` would do so too, but would put the script's path in place of the name in the tool's messages.

    Args:
        name: of the tool.
        script: its file.
        arguments: those of the tool.
    """
    sys.argv = [f'{COMMAND} {name}', *arguments]
    module = sys.modules['__main__'] = ModuleType('__main__')  # for pickle, and for processes that it spawns
    module.__file__ = str(script)
    exec(compile(script.read_bytes(), str(script), 'exec'), vars(module))


def _listing(scripts: dict[str, Path]) -> str:
    """Return a line for each tool: its name, and the first line of its docstring up to a colon."""
    shown = {name: path for name, path in scripts.items() if path.parent.name != _DEPRECATED}
    width = max(map(len, shown))
    lines = ['tools:']
    for name, path in shown.items():
        text = ast.get_docstring(ast.parse(path.read_bytes())) or ''
        lines.append(f'  {name:{width}}  {text.splitlines()[0].partition(":")[0].rstrip(".")}')
    return '\n'.join(lines)


if __name__ == '__main__':
    main()
