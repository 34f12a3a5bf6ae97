"""Run the benchmark of robustness for the models of a page, and put its tables and images there.

    spinepose_mm synthesize --out data/robustness --images 1 --val-images 200 --people 3 --seed 7
    SPINETRACK_ROOT=data/robustness python docs/figures/robustness.py docs/robustness.md

A model's table is what is between `<!-- begin spinepose-tiny -->` and `<!-- end spinepose-tiny -->`. Images lie beside
the page: robustness-MODEL.png of each, and robustness.jpg. An interrupted run goes on where it stopped.
"""

import argparse
import re
import shutil
from pathlib import Path

_MARKS = r'<!-- begin (\S+) -->\n.*?<!-- end \1 -->'


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('page', type=Path, help='Markdown file with the marks')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/robustness'), help='folder of the runs')
    args = parser.parse_args()
    text = args.page.read_text(encoding='utf-8')
    for model in re.findall(_MARKS, text, re.DOTALL):
        run(model, args.out / model)
        shutil.copy(args.out / model / 'robustness.png', args.page.with_name(f'{args.page.stem}-{model}.png'))
        shutil.copy(args.out / model / 'corruptions.jpg', args.page.with_suffix('.jpg'))
    args.page.write_text(re.sub(_MARKS, lambda mark: table(mark[1], args.out), text, flags=re.DOTALL), encoding='utf-8')


def run(model, out):
    from spinepose_mm.benchmarks import robustness

    parser = argparse.ArgumentParser()
    robustness.add_arguments(parser)
    robustness.run(parser.parse_args([model, '--out', str(out)]))


def table(model, out):
    tables = (out / model / 'robustness.md').read_text(encoding='utf-8')
    return f'<!-- begin {model} -->\n{tables}<!-- end {model} -->'


if __name__ == '__main__':
    main()
