"""Errors of readers: whatever a parser raises on a user's file becomes an error that names the file."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from .paths import StrPath

_MAX_LETTERS = 300  # of a parser's own words, which may hold the whole file
_SAID = {RecursionError: 'it is nested too deeply', MemoryError: 'it asks for more memory than there is'}


@contextmanager
def reading(
    path: StrPath, problem: str, field: str | None = None, raised: type[Exception] = ValueError
) -> Iterator[None]:
    """Turn what goes wrong in reading a file into one error that names the file and the field.

    Errors that pass unchanged: an error whose text begins with the path; an OSError that carries a file's name, such as
    FileNotFoundError; and ImportError, since it is no fault of the file.

    Args:
        path: of the file.
        problem: what is wrong with it, such as 'is not JSON'.
        field: where in the file, or None.
        raised: class of the error.

    Raises:
        ValueError: or `raised`: '{path}: {field} {problem}: {reason}'.
    """
    try:
        yield
    except ImportError:
        raise
    except Exception as error:  # parsers raise nearly anything on broken bytes
        is_named = isinstance(error, ValueError) and str(error).startswith((f'{path} ', f'{path}:'))
        if is_named or getattr(error, 'filename', None) is not None:
            raise
        where = path if field is None else f'{path}: {field}'
        raise raised(f'{where} {problem}: {_reason(error)}') from error


def _reason(error: Exception) -> str:
    """Return what an error says in one line, with its kind where that is a part of it."""
    for kind, said in _SAID.items():
        if isinstance(error, kind):
            return said
    text = ' '.join(str(error).split())
    text = text[:_MAX_LETTERS] + ('...' if len(text) > _MAX_LETTERS else '')
    return text if isinstance(error, ValueError) and text else f'{type(error).__name__}: {text}'


def is_number(value: object) -> bool:
    """Return whether a value is a finite number within the range of a float."""
    most = sys.float_info.max
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -most <= value <= most
