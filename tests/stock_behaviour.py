"""What MMEngine's and MMPose's own classes do, with and without `import spinepose_mm`.

    python tests/stock_behaviour.py                # compares, and prints what differs
    python tests/stock_behaviour.py --only runner  # of one group

Each group of cases runs in two processes. What works without the import has to give the same with it; what fails
without it, such as MMEngine's own checkpoints at today's torch, may work.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from collections import Counter, OrderedDict
from pathlib import Path

ROOT = Path(__file__).parents[1]


def compare(group):
    """Return {case: (outcome without the import, outcome with it)} of those that worked without and differ."""
    processes = [
        subprocess.Popen(
            [sys.executable, '-W', 'ignore', __file__, '--only', group, '--run', plugin],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for plugin in ('no', 'yes')
    ]
    outcomes = []
    for process in processes:
        out, err = process.communicate(timeout=580)
        if process.returncode:
            raise RuntimeError(f'{group}: {err[-3000:]}')
        outcomes.append(json.loads(out.splitlines()[-1]))
    without, with_it = outcomes
    if not any(outcome['ok'] for outcome in without.values()) or without.keys() != with_it.keys():
        raise RuntimeError(f'{group}: nothing was compared')
    return {
        case: (outcome, with_it[case])
        for case, outcome in without.items()
        if outcome['ok'] and outcome != with_it[case]
    }


def run(group, folder):
    """Return {case: dict(ok, and what came out or the error)} of a group."""
    outcomes = {}
    for case, function in GROUPS[group](folder).items():
        try:
            outcomes[case] = dict(ok=True, result=repr(function()))
        except Exception as error:
            outcomes[case] = dict(ok=False, result=f'{type(error).__name__}: {error}')
    return outcomes


def write_forms(folder, weights):
    """Write weights in every form that checkpoints have, and things that are none; return the files."""
    import numpy as np
    import torch

    # As a project does whose checkpoints hold these.
    core = np._core.multiarray
    torch.serialization.add_safe_globals(
        [argparse.Namespace, np.ndarray, np.dtype, np.dtypes.Float64DType, core._reconstruct, core.scalar]
    )

    prefixed = {f'backbone.{name}': value for name, value in weights.items()}
    forms = {
        'bare': weights,
        'bare_dict': dict(weights),
        'state_dict': dict(state_dict=weights),
        'model': dict(model=weights),
        'with_meta': dict(state_dict=dict(weights), meta=dict(config='text', CLASSES=('a',))),
        'model_and_more': dict(model=weights, epoch=3, args='text'),
        'prefixed': dict(state_dict=prefixed),
        'prefixed_bare': prefixed,
        'module': {f'module.{name}': value for name, value in weights.items()},
        'bare_with_numbers': {**weights, 'epoch': 3},
        'empty': {},
        'no_weights': dict(state_dict={}),
        'no_meta': dict(state_dict=weights, meta=None),
        'list': [1, 2],
        'tensor': torch.ones(2),
        'with_plain_values': dict(
            state_dict=weights,
            size=torch.Size([1, 2]),
            dtype=torch.float16,
            device=torch.device('cpu'),
            names={'a'},
            number=1 + 2j,
            text=bytearray(b'a'),
            counts=Counter('aab'),
            parameter=torch.nn.Parameter(torch.ones(1)),
        ),
        'with_allowed_classes': dict(state_dict=weights, args=argparse.Namespace(lr=0.1)),
        'with_allowed_arrays': dict(state_dict=weights, sigmas=np.array([0.1, 0.2]), best=np.float64(0.5)),
    }
    for name, content in forms.items():
        torch.save(content, folder / f'{name}.pth')
    return {name: str(folder / f'{name}.pth') for name in forms}


def described(value):
    """Return what a loaded checkpoint is: types, names, attributes and values."""
    import numpy as np
    import torch

    if torch.is_tensor(value) or isinstance(value, np.ndarray):  # arrays are of a class that is made from ndarray
        return str(value.dtype), value.tolist()
    if isinstance(value, dict):
        return (
            type(value).__name__,
            vars(value) if isinstance(value, OrderedDict) else None,
            {key: described(entry) for key, entry in value.items()},
        )
    return type(value).__name__, value


def digest(module):
    """Return a hash of a module's weights."""
    whole = hashlib.sha256()
    for name, value in module.state_dict().items():
        whole.update(name.encode() + value.cpu().numpy().tobytes())
    return whole.hexdigest()


def loaders(folder):
    """MMEngine's functions that load checkpoints, on files of every form."""
    import torch
    from mmengine.model import BaseModule, PretrainedInit
    from mmengine.runner import CheckpointLoader, checkpoint

    class Net(BaseModule):
        def __init__(self):
            super().__init__()
            torch.manual_seed(1)
            self.layer = torch.nn.Linear(2, 1)

    def into(function):
        net = Net()
        returned = function(net)
        return digest(net), described(returned)

    cases = {}
    torch.manual_seed(0)
    weights = torch.nn.Sequential(OrderedDict(layer=torch.nn.Linear(2, 1))).state_dict()
    for form, file in write_forms(folder, weights).items():
        cases[f'CheckpointLoader {form}'] = lambda file=file: described(CheckpointLoader.load_checkpoint(file, 'cpu'))
        cases[f'load_checkpoint {form}'] = lambda file=file: into(lambda net: checkpoint.load_checkpoint(net, file))
        cases[f'strict {form}'] = lambda file=file: into(lambda net: checkpoint.load_checkpoint(net, file, strict=True))
        cases[f'prefix {form}'] = lambda file=file: described(
            checkpoint._load_checkpoint_with_prefix('backbone', file, 'cpu')
        )
        cases[f'Pretrained {form}'] = lambda file=file: into(PretrainedInit(file))
        cases[f'Pretrained prefix {form}'] = lambda file=file: into(PretrainedInit(file, prefix='backbone.'))
    return cases


def runner(folder):
    """MMEngine's runner and its CheckpointHook: to validate, test, train, load and find what to resume from."""
    import torch
    from mmengine.evaluator import BaseMetric
    from mmengine.fileio import LocalBackend
    from mmengine.hooks import CheckpointHook, Hook
    from mmengine.model import BaseModel
    from mmengine.runner import Runner, find_latest_checkpoint
    from mmengine.runner import runner as module

    class Model(BaseModel):
        def __init__(self):
            super().__init__()
            torch.manual_seed(1)
            self.layer = torch.nn.Linear(1, 1)

        def forward(self, inputs, mode='tensor'):
            return dict(loss=self.layer(inputs).sum()) if mode == 'loss' else [self.layer(inputs)]

    class Score(BaseMetric):
        def process(self, data_batch, data_samples):
            self.results.append(1)

        def compute_metrics(self, results):
            return dict(score=len(results))

    def make(name, **hook):
        data = dict(
            dataset=torch.utils.data.TensorDataset(torch.ones(4, 1)),
            batch_size=2,
            num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=lambda batch: dict(inputs=torch.stack([one for (one,) in batch])),
        )
        return Runner(
            Model(),
            str(folder / name),
            train_dataloader=data,
            train_cfg=dict(by_epoch=True, max_epochs=3),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
            val_dataloader=data,
            val_cfg=dict(),
            val_evaluator=[Score()],
            test_dataloader=data,
            test_cfg=dict(),
            test_evaluator=[Score()],
            experiment_name=name,
            default_hooks=dict(checkpoint=dict(type='CheckpointHook', **hook)),
        )

    def trained(name, **hook):
        made = make(name, **hook)
        made.train()
        work = Path(made.work_dir)
        return (
            digest(made.model),
            sorted(path.name for path in work.glob('*.pth*')),
            Path((work / 'last_checkpoint').read_text()).name,
            Path(find_latest_checkpoint(str(work))).name,
        )

    def loaded(file, name):
        made = make(name)
        described(made.load_checkpoint(file))
        return digest(made.model)

    def nested():
        """Train in a work folder in which a training has begun."""
        inner = make('inner')
        inner._work_dir = str(folder / 'outer')

        class Nested(Hook):
            def before_train(self, runner):
                inner.train()

        outer = make('outer')
        outer.register_hook(Nested())
        outer.train()
        return digest(outer.model), digest(inner.model)

    def found():
        """What is resumed from, where `last_checkpoint` names an older one, and a file is half written."""
        work = folder / 'found'
        work.mkdir()
        for name in ('epoch_1.pth', 'epoch_2.pth', 'epoch_3.pth.1.part'):
            (work / name).touch()
        (work / 'last_checkpoint').write_text('epoch_1.pth')
        return module.find_latest_checkpoint(str(work)), sorted(path.name for path in work.iterdir())

    def put():
        """What is left of a file that could not be written whole."""
        path = folder / 'put'
        path.write_bytes(b'old')
        try:
            LocalBackend().put('no bytes', path)
        except TypeError:
            return path.read_bytes()

    files = write_forms(folder, Model().state_dict())
    return {
        'CheckpointHook': lambda: {
            name: method.__module__ for name, method in vars(CheckpointHook).items() if callable(method)
        },
        'a training within a training': nested,
        'what is resumed from': found,
        'a file that is not written whole': put,
        'val': lambda: make('val').val(),
        'test': lambda: make('test').test(),
        'val with save_best': lambda: make('val_best', save_best='score', rule='greater').val(),
        'train': lambda: trained('train', interval=1),
        'train, keep one': lambda: trained('keep', interval=1, max_keep_ckpts=1),
        'train, best': lambda: trained('best', interval=2, save_best='score', rule='greater'),
        **{
            f'Runner.load_checkpoint {form}': lambda file=file, form=form: loaded(file, f'load_{form}')
            for form, file in files.items()
        },
    }


def backbones(folder):
    """MMPose's and MMDetection's Swin and PVT from checkpoints of the forms that their authors publish."""
    import mmdet.models  # noqa: F401
    import mmpose.models  # noqa: F401
    import torch
    from mmengine.config import ConfigDict
    from mmengine.registry import MODELS, DefaultScope

    swin = dict(type='SwinTransformer', embed_dims=8, depths=(1, 1, 1, 1), num_heads=(1, 1, 1, 1), window_size=2)
    pvt = dict(type='PyramidVisionTransformer', embed_dims=8, num_layers=[1, 1, 1, 1], pretrain_img_size=32)
    cases = {}
    for scope in ('mmpose', 'mmdet'):
        for config in (swin, pvt, dict(type='ResNet', depth=18, base_channels=8)):

            def build(config=config, scope=scope, **kwargs):
                torch.manual_seed(1)
                with DefaultScope.overwrite_default_scope(scope):
                    net = MODELS.build(dict(config, **kwargs))
                    net.init_weights()
                return net

            def init(file, build=build, **kwargs):
                return digest(build(init_cfg=ConfigDict(type='Pretrained', checkpoint=file), **kwargs))

            place = folder / f'{scope}_{config["type"]}'
            place.mkdir()
            for form, file in write_forms(place, build().state_dict()).items():
                cases[f'{scope} {config["type"]} {form}'] = lambda file=file, init=init: init(file)
                if config['type'] != 'ResNet':  # whose authors' names are others
                    cases[f'{scope} {config["type"]} {form} converted'] = lambda file=file, init=init: init(
                        file, convert_weights=True
                    )
    return cases


def inferencers(folder):
    """MMPose's inferencers, and one of another project, with models of MMPose's."""
    import mmpose
    import numpy as np
    import torch
    from mmpose.apis import MMPoseInferencer, Pose2DInferencer, inference_topdown, init_model

    configs = Path(mmpose.__file__).parent / '.mim/configs'
    config = str(configs / 'body_2d_keypoint/rtmpose/coco/rtmpose-t_8xb256-420e_coco-256x192.py')
    image = np.random.default_rng(0).integers(0, 255, (96, 64, 3), dtype=np.uint8)
    torch.manual_seed(0)
    weights = init_model(config, device='cpu').state_dict()
    files = write_forms(folder, weights)

    class Others(Pose2DInferencer):
        def postprocess(self, preds, *args, **kwargs):
            return dict(super().postprocess(preds, *args, **kwargs), others=len(preds))

    def predicted(inferencer, **options):
        result = next(inferencer(image, **options))
        person = result['predictions'][0][0]
        keys = sorted(key for key in person if key != 'mask')
        return list(result), keys, person['keypoints'], person['keypoint_scores']

    def made(cls, **kwargs):
        return cls(config, files['with_meta'], device='cpu', det_model='whole_image', **kwargs)

    def top_down(form):
        torch.manual_seed(1)
        found = inference_topdown(init_model(config, files[form], 'cpu'), image)[0]
        return found.pred_instances.keypoints.tolist(), sorted(found.pred_instances.keys())

    def known(name):
        inferencer = Pose2DInferencer.__new__(Pose2DInferencer)
        inferencer.scope = 'mmpose'
        found, url = inferencer._load_model_from_metafile(name)
        return found.filename, url

    return {
        'Pose2DInferencer': lambda: predicted(made(Pose2DInferencer)),
        'Pose2DInferencer, boxes': lambda: predicted(made(Pose2DInferencer), bboxes=[[4, 4, 40, 60]]),
        'MMPoseInferencer': lambda: predicted(made(MMPoseInferencer)),
        "another project's": lambda: predicted(made(Others)),
        'an unknown option': lambda: predicted(made(MMPoseInferencer), tracking_thr=0.1, unknown=1),
        'alias human': lambda: known('human'),
        'name of a config': lambda: known('rtmpose-t_8xb256-420e_coco-256x192'),
        **{f'init_model {form}': lambda form=form: top_down(form) for form in files},
    }


GROUPS = dict(loaders=loaders, runner=runner, backbones=backbones, inferencers=inferencers)

if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--only', choices=GROUPS, nargs='*', default=list(GROUPS))
    parser.add_argument('--run', choices=('no', 'yes'), help='run here, without or with the import')
    args = parser.parse_args()
    if args.run:
        sys.path.insert(0, str(ROOT))
        if args.run == 'yes':
            import spinepose_mm  # noqa: F401
        with tempfile.TemporaryDirectory() as temporary:
            found = run(args.only[0], Path(temporary))
        print('\n' + json.dumps(found).replace(temporary, ''))
    else:
        differing = {case: both for group in args.only for case, both in compare(group).items()}
        for case, (without, with_it) in differing.items():
            print(f'{case}\n    without: {without}\n    with:    {with_it}')
        sys.exit(bool(differing))
