"""NumPy arrays and scalars out of pickles, which no pickle can make hold anything but plain values.

NumPy's own functions trust a pickle: one that calls `numpy.ndarray` can place an array on any address, and the state of
a `numpy.dtype` can be forged so that bytes are taken for pointers. Here none of them is called with what a pickle holds
before type, shape and length have been compared. Names, calls and states are those of NumPy's `__reduce__`.
"""

import math
import pickle
import re
from typing import Any, Self

import numpy as np

#: Booleans, numbers, bytes and text.
_CODE = re.compile(r'[biufcSU]\d{1,9}')


def plain_globals() -> dict[str, Any]:
    """Return {name in a pickle: what stands in for it}."""
    # NumPy 2 renamed numpy.core to numpy._core; files carry the name of the version that wrote them.
    return {
        'numpy.dtype': DataType,
        'numpy.ndarray': Array,
        'builtins.bytes': _no_bytes,
        **{
            f'numpy.{core}.multiarray.{name}': function
            for core in ('core', '_core')
            for name, function in (('_reconstruct', _reconstruct), ('scalar', _scalar))
        },
    }


class DataType:
    """Stands in for a numpy.dtype: what a pickle says of it, which is compared when it is used."""

    def __init__(self, code: Any, align: bool = False, copy: bool = False) -> None:
        self.code = code

    def __setstate__(self, state: Any) -> None:
        self.state = state


class Array(np.ndarray):
    """An array that takes only plain values from a pickle, and is written to one as numpy.ndarray.

    Attributes:
        objects: of an array of objects, these as a list; not there for others.
    """

    objects: list[Any]

    def __new__(cls, *args: Any) -> Self:
        if args:
            raise _forged(f'array, made by numpy.ndarray{args}')
        return super().__new__(cls, (0,), 'b')

    def __setstate__(self, state: Any) -> None:
        super().__setstate__(_checked(state))

    def __reduce_ex__(self, protocol: Any) -> Any:
        return np.asarray(self).__reduce_ex__(protocol)


def plain_dtype(found: Any) -> np.dtype:
    """Return the numpy.dtype that a DataType says.

    Raises:
        pickle.UnpicklingError: it is not of booleans, numbers, bytes or text, or its state is not what NumPy writes.
    """
    said = getattr(found, '__dict__', {})
    code, state = said.get('code'), said.get('state')
    if type(found) is not DataType or not isinstance(code, str) or not _CODE.fullmatch(code):
        raise _forged(f'array, of {code!r}, which is not plain values')
    dtype = np.dtype(code)
    if state is None:
        return dtype
    sizes = [(-1, -1), (dtype.itemsize, dtype.alignment)]
    if not (
        isinstance(state, tuple)
        and len(state) == 8
        and state[0] == 3
        and state[1] in ('<', '>', '|', '=')
        and state[2:5] == (None, None, None)
        and state[5:7] in sizes
        and state[7] == dtype.flags
    ):
        raise _forged(f'data type, {code!r} with the state {state}')
    return dtype.newbyteorder(state[1])


def _checked(state: Any) -> tuple[Any, ...]:
    """Return an array's state if it is one of plain values and of the length that its shape says."""
    if not (
        isinstance(state, tuple)
        and len(state) == 5
        and isinstance(state[1], tuple)
        and all(type(length) is int and length >= 0 for length in state[1])
        and isinstance(state[4], bytes)
    ):
        raise _forged('array, whose state is not one')
    _, shape, dtype, is_fortran, data = state
    dtype = plain_dtype(dtype)
    if dtype.itemsize * math.prod(shape) != len(data):
        raise _forged(f'array, of {dtype} and the shape {shape}, with {len(data)} bytes')
    return 1, shape, dtype, bool(is_fortran), data


def _reconstruct(kind: Any, shape: Any, typecode: Any) -> Array:
    """Stand in for NumPy's function that makes the empty array which a pickle then fills."""
    if kind is not Array or shape != (0,):
        raise _forged(f'array, begun with the shape {shape!r}')
    return Array()


def _scalar(dtype: Any, data: Any) -> Any:
    """Stand in for NumPy's function that makes a scalar out of its bytes."""
    array = Array()
    array.__setstate__((1, (), dtype, False, data))
    return array[()]


def _no_bytes() -> bytes:
    """Stand in for `bytes`, which old pickles call for those of an empty array."""
    return b''


def _forged(what: str) -> pickle.UnpicklingError:
    return pickle.UnpicklingError(f'it holds a forged {what}')
