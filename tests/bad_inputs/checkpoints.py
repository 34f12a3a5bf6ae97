"""Checkpoints that were tried."""

import json
import os
import pickle
import struct
import zipfile

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner.checkpoint import load_checkpoint
from safetensors.torch import load_file, save_file

from bad_inputs.cases import Case
from bad_inputs.npz import Call
from spinepose_mm.inference import SpinePoseInferencer
from spinepose_mm.zoo.models import find_config

WEIGHTS = dict(weight=torch.ones(1, 2), bias=torch.zeros(1))


def load(name, write):
    """Return what loads a file that `write(path)` makes, or of its bytes, into a layer of two inputs."""

    def run(place):
        place.monkeypatch.chdir(place.folder)
        path = place.folder / name
        if isinstance(write, bytes):
            path.write_bytes(write)
        else:
            write(path)
        layer = torch.nn.Linear(2, 1)
        try:
            load_checkpoint(layer, str(path), logger='current')
        finally:
            assert not (place.folder / 'RUN').exists()
        return layer

    return run


def refused(name, write, message):
    return Case(load(name, write), error=name.replace('.', r'\.') + '.*' + message)


def saved(content, **options):
    return lambda path: torch.save(content, path, **options)


def raw(content):
    """Return the bytes of a bare pickle, which torch's old format begins with."""
    return pickle.dumps(content, protocol=2)


def code(function, *args):
    """Return the cases of a call in a checkpoint, and in a bare pickle."""
    call = Call(function, *args)
    return (
        refused('a.pth', saved(dict(state_dict=WEIGHTS, a=call)), 'was refused: it holds .*, which is code'),
        refused('a.pth', raw(call), 'refused|truncated, or not a checkpoint'),
    )


def header(content, data=b''):
    """Return the bytes of a safetensors file with a header that is no other than that."""
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return struct.pack('<Q', len(text)) + text + data


def tensor(**fields):
    return header({'weight': dict(dict(dtype='F32', shape=[1, 2], data_offsets=[0, 8]), **fields)}, bytes(8))


def deflated(path):
    """Write a checkpoint whose records are packed, which torch reads and never writes."""
    torch.save(dict(state_dict=dict(weight=torch.zeros(1 << 20))), path)
    with zipfile.ZipFile(path) as archive:
        records = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, content in records.items():
            archive.writestr(name, content)


def half(path):
    torch.save(dict(state_dict=dict(weight=torch.ones(1, 20000))), path)
    path.write_bytes(path.read_bytes()[:40000])


def half_safetensors(path):
    save_file(dict(weight=torch.ones(1, 20000)), path)
    path.write_bytes(path.read_bytes()[:40000])


def find(content):
    """Return what makes an inferencer of the shipped model with a checkpoint, or with what a function of its weights
    makes of these."""

    def run(place):
        config, own = find_config('spinepose-tiny')
        torch.save(content(load_file(own)) if callable(content) else content, place.folder / 'a.pth')
        return SpinePoseInferencer(config, str(place.folder / 'a.pth'), device='cpu', det_model='whole_image')

    return run


def one_not_a_number(weights):
    name = next(name for name, value in weights.items() if value.is_floating_point())
    return dict(state_dict={**weights, name: torch.full_like(weights[name], float('nan'))}, meta={})


_TRUNCATED = 'truncated, or not a checkpoint'
_CALLS = dict(
    ev=code(eval, 'open("RUN", "w")'),
    sys=code(os.system, 'touch RUN'),
    ga=code(getattr, str, 'join'),
    npl=code(np.load, 'a.npy'),
    tl=code(torch.load, 'a.pth'),
    hb=code(HistoryBuffer.__init__, 1),
)
CASES = {
    'good': Case(
        load('a.pth', saved(dict(state_dict=WEIGHTS))), result=lambda layer: layer.weight.tolist() == [[1, 1]]
    ),
    'old format': Case(
        load('a.pth', saved(dict(state_dict=WEIGHTS), _use_new_zipfile_serialization=False)),
        result=lambda layer: layer.weight.tolist() == [[1, 1]],
    ),
    'good safetensors': Case(
        load('a.safetensors', lambda path: save_file(WEIGHTS, path)),
        result=lambda layer: layer.weight.tolist() == [[1, 1]],
    ),
    **{f'code {name}': cases[0] for name, cases in _CALLS.items()},
    **{f'code {name}, raw': cases[1] for name, cases in _CALLS.items()},
    'array at an address': refused(
        'a.pth', saved(dict(state_dict={}, a=Call(np.ndarray, (1,), 'O', b'A' * 8))), 'was refused'
    ),
    'config of code': Case(
        load('a.pth', saved(dict(state_dict=WEIGHTS, meta=dict(config='open("RUN", "w")')))),
        result=lambda layer: layer.weight.tolist() == [[1, 1]],
    ),
    'deflated': Case(load('a.pth', deflated), error=r'a\.pth.*(packed|compressed|deflated)'),
    'empty': refused('a.pth', b'', _TRUNCATED),
    'text': refused('a.pth', b'<html>404</html>', _TRUNCATED),
    'zeros': refused('a.pth', bytes(1000), _TRUNCATED),
    'truncated': refused('a.pth', half, _TRUNCATED),
    'folder': refused('a.pth', lambda path: path.mkdir(), 'does not exist'),
    'few weights': Case(
        load('a.pth', saved(dict(state_dict=dict(bias=torch.zeros(1))))),
        warning='missing keys in source state_dict: weight',
    ),
    'list': Case(find([1, 2]), error=r'a\.pth .*(list|dict)'),
    'module': refused('a.pth', saved(torch.nn.Linear(2, 1)), 'was refused: it holds torch.nn'),
    'NaN': Case(find(one_not_a_number), error=r'(?i)a\.pth.*(NaN|finite)'),
    'metadata of text': Case(find(lambda weights: dict(state_dict=weights, meta='hello')), error=r'a\.pth .*meta'),
    'weights of text': Case(find(dict(state_dict='hello')), error=r'a\.pth .*state_dict'),
    'other shape': Case(
        load('a.pth', saved(dict(state_dict=dict(WEIGHTS, weight=torch.ones(5, 2))))),
        warning='size mismatch for weight',
    ),
    'safetensors: bad type': refused('a.safetensors', tensor(dtype='X9'), _TRUNCATED),
    'safetensors: bad offsets': refused('a.safetensors', tensor(data_offsets=[0, 800]), _TRUNCATED),
    'safetensors: bad shape': refused('a.safetensors', tensor(shape=[1 << 40, 1 << 40]), _TRUNCATED),
    'safetensors: deep': refused('a.safetensors', header(b'[' * 100000), _TRUNCATED),
    'safetensors: deep metadata': refused('a.safetensors', header(b'{"__metadata__": ' + b'[' * 100000), _TRUNCATED),
    'safetensors: half': refused('a.safetensors', half_safetensors, _TRUNCATED),
    'safetensors: huge header': refused('a.safetensors', struct.pack('<Q', 1 << 62) + b'{}', _TRUNCATED),
    'safetensors: long header': refused('a.safetensors', struct.pack('<Q', 1000) + b'{}', _TRUNCATED),
}
