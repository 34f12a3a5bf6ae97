"""What an input that was tried is, and what it has to end in."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Case:
    """An input and its end: one clear error, a warning that says what was left out, or a right result.

    Attributes:
        run: called with a Place; returns what is read or predicted.
        error: pattern of the error's text, or None where there is to be none.
        warning: pattern of what is warned of, or None.
        result: function that returns whether the result of `run` is right, or None.
    """

    run: Callable
    error: str | None = None
    warning: str | None = None
    result: Callable | None = None
