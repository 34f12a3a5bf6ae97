"""Check the layers of the package: a room imports from rooms below it alone, and nothing imports in a circle.

    python scripts/check_imports.py

It reads the source, imports inside of functions included, and ends with 1 where a rule is broken.
"""

import ast
import sys
from pathlib import Path

PACKAGE = 'spinepose_mm'
#: Rooms from the ground up; those of one row do not import each other.
FLOORS = (
    ('version', 'deprecated', 'skeleton', 'wording'),
    ('confidence',),
    ('structures',),
    ('io',),
    ('analysis', 'tracking'),
    ('lifting',),
    ('visualization', 'zoo'),
    ('synthetic',),
    ('writers',),
    ('datasets', 'engine'),
    ('models', 'deployment'),
    ('evaluation',),
    ('inference',),
    ('benchmarks',),
    ('patches',),
)


def modules(root):
    """Return {dotted name: path} of the package's modules; a package goes by its own name."""
    found = {}
    for path in sorted((root / PACKAGE).rglob('*.py')):
        parts = path.relative_to(root).with_suffix('').parts
        if any(part.startswith('.') for part in parts):  # .mim, which an editable install links to configs and tools
            continue
        found['.'.join(parts[:-1] if parts[-1] == '__init__' else parts)] = path
    return found


def imports(name, path, known):
    """Return the package's modules that a module imports, each with the line."""
    base = name.split('.') if path.name == '__init__.py' else name.split('.')[:-1]
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = base[: len(base) - node.level + 1] if node.level else []
            source = '.'.join([*above, *filter(None, [node.module])])
            for alias in node.names:
                whole = f'{source}.{alias.name}'
                found.append((whole if whole in known else source, node.lineno))
    return [(target, line) for target, line in found if target in known and target != name]


def upward(name, targets):
    """Yield a sentence for each import from a room that is not below."""
    floors = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
    room = _room(name)
    for target, line in targets:
        other = _room(target)
        if other in (room, None) or room is None:
            continue
        if room not in floors or other not in floors:
            yield f'{name}:{line}: {room if room not in floors else other} stands on no floor'
        elif floors[other] >= floors[room]:
            yield f'{name}:{line}: {room} imports {target}, which is not below it'


def circle(graph):
    """Return the modules of a circle of imports, or []."""
    done, path = set(), []

    def visit(name):
        if name in path:
            return path[path.index(name) :] + [name]
        if name in done:
            return []
        path.append(name)
        found = next(filter(None, map(visit, graph[name])), [])
        path.pop()
        done.add(name)
        return found

    return next(filter(None, map(visit, graph)), [])


def _room(name):
    return name.split('.')[1] if '.' in name else None


def check(root):
    """Return what is wrong, a list of sentences."""
    known = modules(root)
    found = {name: imports(name, path, known) for name, path in known.items()}
    wrong = [sentence for name, targets in found.items() for sentence in upward(name, targets)]
    # A package's own file imports its modules, which may import each other: circles are of modules, not of packages.
    graph = {
        name: [target for target, _ in targets if known[target].name != '__init__.py']
        for name, targets in found.items()
    }
    around = circle(graph)
    return wrong + ([f'circle: {" > ".join(around)}'] if around else [])


def main():
    wrong = check(Path(__file__).parents[1])
    print(*wrong, sep='\n')
    sys.exit(bool(wrong))


if __name__ == '__main__':
    main()
