"""Put a model's config and weights into a folder: published ones, and those that are shipped with this package.

    spinepose_mm download spinepose-tiny --dest models

`mim download` takes the published ones alone, since it knows no files but those with a URL.
"""

import argparse
import shutil
import sys
from pathlib import Path

from mmengine.config import Config


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('model', help='name or alias of the zoo')
    parser.add_argument('--dest', type=Path, default='.', metavar='DIR', help='folder (this one)')
    args = parser.parse_args()
    from spinepose_mm.zoo.downloads import fetch
    from spinepose_mm.zoo.models import find_config

    try:
        config, weights = find_config(args.model)
        if weights is None:
            raise ValueError(f'no weights of {args.model} are published')
        args.dest.mkdir(parents=True, exist_ok=True)
        path = fetch(weights, args.dest) if '://' in weights else copy(weights, args.dest)
        Config.fromfile(config).dump(args.dest / Path(config).name)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    print(f'{args.dest / Path(config).name}\n{path}')


def copy(path, folder):
    """Copy a file whole or not at all, and return where it is then."""
    from spinepose_mm.io.atomic import replacing_path

    target = folder / Path(path).name
    with replacing_path(target) as part:
        shutil.copyfile(path, part)
    return target


if __name__ == '__main__':
    main()
