"""Runs of inference that fail in the middle, and what they leave."""

from pathlib import Path

FRAMES = 12  # of the video that they run on


def contents(folder):
    """Return {path below a folder: bytes} of all files."""
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in sorted(Path(folder).rglob('*')) if path.is_file()
    }


class Interruption:
    """Makes an inferencer fail in the middle of a video."""

    def __init__(self, monkeypatch, inferencer, after, error=KeyboardInterrupt):
        self.predicted, stock = 0, inferencer.predict

        def predict(*args):
            if self.predicted == after:
                raise error
            self.predicted += 1
            return stock(*args)

        monkeypatch.setattr(inferencer, 'predict', predict)
