"""What validating a data set found, as text and as JSON."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spinepose_mm import skeleton
from spinepose_mm.wording import counted

ERROR, SUSPECT, NOTE = 'error', 'suspect', 'note'


@dataclass
class Report:
    """The result of validating a data set.

    Attributes:
        file: the annotation file.
        images: number of images.
        people: number of annotations.
        keypoints: number of keypoints of each person: SpineTrack's 37, or Halpe-26's or COCO's, its first ones.
        visibility: how often each keypoint is not labelled, occluded, visible, (K, 3).
        findings: {(severity, problem): entries that have it}. Severities are 'error' (training refuses
            it, or leaves it out), 'suspect' (likely wrong labels) and 'note'.
    """

    file: str
    images: int = 0
    people: int = 0
    keypoints: int = skeleton.NUM_KEYPOINTS
    visibility: np.ndarray | None = None
    findings: dict[tuple[str, str], list[Any]] = field(default_factory=lambda: defaultdict(list))

    def add(self, severity: str, problem: str, entries: list[Any]) -> None:
        """Add a problem, unless its list of entries is empty."""
        if entries:
            self.findings[severity, problem] += entries

    def count(self, severity: str) -> int:
        """Return the number of entries of all findings of a severity."""
        return sum(len(entries) for (kind, _), entries in self.findings.items() if kind == severity)

    def text(self, examples: int = 3) -> str:
        """Return the report as text to read."""
        lines = [f'{self.file}: {counted(self.people, "person")} in {counted(self.images, "image")}', '']
        if self.visibility is not None:
            lines.append(f'{"keypoint":18}{"level":7}{"visible":>9}{"occluded":>10}{"unlabelled":>12}')
            for point, (none, occluded, visible) in zip(skeleton.KEYPOINTS, self.visibility):
                lines.append(f'{point.name:18}{point.level:7}{visible:9}{occluded:10}{none:12}')
            lines.append('')
        for severity in (ERROR, SUSPECT, NOTE):
            for (kind, problem), entries in self.findings.items():
                if kind == severity:
                    shown = ', '.join(map(str, entries[:examples])) + (', ...' if len(entries) > examples else '')
                    lines.append(f'{severity:8}{len(entries):7}  {problem}: {shown}')
        lines += ['', f'{counted(self.count(ERROR), "error")}, {counted(self.count(SUSPECT), "suspect")}']
        return '\n'.join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Return all of it, with every entry, for JSON."""
        return dict(
            file=self.file,
            images=self.images,
            people=self.people,
            visibility=None
            if self.visibility is None
            else {
                name: dict(zip(('unlabelled', 'occluded', 'visible'), map(int, row)))
                for name, row in zip(skeleton.NAMES, self.visibility)
            },
            findings=[
                dict(severity=severity, problem=problem, entries=entries)
                for (severity, problem), entries in self.findings.items()
            ],
        )
