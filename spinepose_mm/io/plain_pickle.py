"""Dicts, lists, text, numbers and plain arrays out of a pickle, without unpickling it.

An unpickler calls what a pickle names. This reads the pickle's instructions (`pickletools` documents them) and follows
those that build values; the few names that NumPy needs for an array or a scalar stand for this package's own functions.
"""

import pickle
import pickletools
from typing import Any

import numpy as np

from spinepose_mm.io.plain_numpy import Array, DataType, plain_globals

_MARK = object()
_LITERALS = {'NONE': None, 'NEWTRUE': True, 'NEWFALSE': False, 'EMPTY_TUPLE': ()}
#: Instructions whose argument is the value.
_VALUES = {
    'INT',
    'BININT',
    'BININT1',
    'BININT2',
    'LONG',
    'LONG1',
    'LONG4',
    'FLOAT',
    'BINFLOAT',
    'UNICODE',
    'BINUNICODE',
    'SHORT_BINUNICODE',
    'BINUNICODE8',
    'BINBYTES',
    'SHORT_BINBYTES',
    'BINBYTES8',
}
_NAMES = plain_globals()


def read_plain(data: bytes) -> Any:
    """Return the value that a pickle holds, in which arrays are still to be given to `plain_array`.

    Args:
        data: bytes of the pickle.

    Raises:
        pickle.UnpicklingError: it holds something else than plain values, or is broken.
    """
    reader = _Reader()
    try:
        for instruction, argument, _ in pickletools.genops(data):
            if instruction.name == 'STOP':
                return reader.stack.pop()
            reader.follow(instruction.name, argument)
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        raise pickle.UnpicklingError(f'it is broken ({type(error).__name__}: {error})') from error


def plain_array(value: Any) -> Any:
    """Return an array that `read_plain` returned as a numpy.ndarray, one of objects as a list; others unchanged."""
    if not isinstance(value, Array):
        return value
    return value.objects if hasattr(value, 'objects') else np.asarray(value)


class _Reader:
    """Follows the instructions of a pickle.

    Attributes:
        stack: values and marks, of which the instructions take and to which they add.
        memo: values by number, for those that come again.
    """

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[Any, Any] = {}

    def follow(self, name: str, argument: Any) -> None:
        """Follow one instruction, by the name that `pickletools` has for it."""
        match name:
            case 'PROTO' | 'FRAME':
                pass
            case 'MARK':
                self.stack.append(_MARK)
            case 'EMPTY_LIST' | 'EMPTY_DICT':
                self.stack.append([] if name == 'EMPTY_LIST' else {})
            case 'TUPLE':
                self.stack.append(tuple(self._since_mark()))
            case 'TUPLE1' | 'TUPLE2' | 'TUPLE3':
                self.stack.append(tuple(self._pop(int(name[-1]))))
            case 'APPEND' | 'APPENDS':
                items = self._pop(1) if name == 'APPEND' else self._since_mark()
                self._top(list).extend(items)
            case 'SETITEM' | 'SETITEMS':
                items = self._pop(2) if name == 'SETITEM' else self._since_mark()
                self._top(dict).update(zip(items[::2], items[1::2], strict=True))
            case 'MEMOIZE' | 'PUT' | 'BINPUT' | 'LONG_BINPUT':
                self.memo[len(self.memo) if name == 'MEMOIZE' else argument] = self.stack[-1]
            case 'GET' | 'BINGET' | 'LONG_BINGET':
                self.stack.append(self.memo[argument])
            case 'GLOBAL' | 'STACK_GLOBAL':
                self._name(*(argument.split(' ', 1) if name == 'GLOBAL' else self._pop(2)))
            case 'REDUCE':
                self._call(*self._pop(2))
            case 'BUILD':
                self._build(*self._pop(1))
            case _ if name in _LITERALS or name in _VALUES:
                self.stack.append(_LITERALS.get(name, argument))
            case _:
                raise pickle.UnpicklingError(f'it holds the instruction {name}')

    def _pop(self, count: int) -> list[Any]:
        taken = [self.stack.pop() for _ in range(count)]
        return taken[::-1]

    def _since_mark(self) -> list[Any]:
        taken = []
        while (item := self.stack.pop()) is not _MARK:
            taken.append(item)
        return taken[::-1]

    def _top(self, kind: type) -> Any:
        if type(self.stack[-1]) is not kind:
            raise TypeError(f'{type(self.stack[-1]).__name__} where a {kind.__name__} is expected')
        return self.stack[-1]

    def _name(self, module: str, name: str) -> None:
        if f'{module}.{name}' not in _NAMES:
            shown = repr(f'{module}.{name}')[1:-1]
            raise pickle.UnpicklingError(f'it holds {shown}, which is code, not data. Nothing of it was run')
        self.stack.append(_NAMES[f'{module}.{name}'])

    def _call(self, function: Any, arguments: Any) -> None:
        if not any(function is known for known in _NAMES.values()):
            raise pickle.UnpicklingError('it calls what is no function')
        self.stack.append(function(*arguments))

    def _build(self, state: Any) -> None:
        """Fill an array or a data type."""
        filled = self.stack[-1]
        if type(filled) is Array and _of_objects(state):
            filled.objects = state[4]
        elif type(filled) in (Array, DataType):
            filled.__setstate__(state)
        else:
            raise TypeError(f'a {type(filled).__name__} is filled')


def _of_objects(state: Any) -> bool:
    """Return whether the state of an array is that of the one object of shape () or of a row of objects."""
    shape, dtype, objects = state[1], state[2], state[4]
    return (
        type(dtype) is DataType
        and dtype.code in ('O8', 'O4')
        and type(objects) is list
        and shape in ((), (len(objects),))
        and (shape or len(objects) == 1)
    )
