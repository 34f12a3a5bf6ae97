"""Print what predicting the training people's mean pose in every box gets on a config's test data."""

import argparse

from mmengine.config import Config, DictAction


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='path or name of a config file, or an alias')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='settings to override, a.b=value')
    args = parser.parse_args()
    from spinepose_mm.evaluation.mean_pose import evaluate_mean_pose  # takes seconds
    from spinepose_mm.zoo.models import find_config

    cfg = Config.fromfile(find_config(args.config)[0])
    cfg.merge_from_dict(args.cfg_options or {})
    for name, value in evaluate_mean_pose(cfg).items():
        print(f'{name}: {value:.4f}')


if __name__ == '__main__':
    main()
