"""What draws the documents' figures."""

import subprocess
import sys
from pathlib import Path

import cv2
import pytest


@pytest.mark.tools
def test_the_measures_are_drawn(tmp_path):
    script = Path(__file__).parents[1] / 'docs' / 'figures' / 'measures.py'
    subprocess.run([sys.executable, '-W', 'ignore', script, 'measures.jpg'], cwd=tmp_path, check=True)
    image = cv2.imread(str(tmp_path / 'measures.jpg'))
    assert image.shape == (540, 1400, 3) and image.std() > 10
    assert (tmp_path / 'measures.jpg').stat().st_size < 150_000
