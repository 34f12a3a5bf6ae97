"""What a data set of rendered people is made of."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .motion_poses import MOTIONS
from .panorama import panorama_files

MAX_PEOPLE = 6  # more would not stand apart in one image
#: Kinds of bodies, and how often they and their motions have changed: a split of old ones is not resumed with new.
BODIES = {'people': 1, 'figures': 2}


@dataclass(frozen=True)
class Settings:
    """What a data set is made of. The same settings give the same bytes.

    Attributes:
        images: number of images.
        split: name of the split, such as 'train' or 'val': each has its own people, clothes, backgrounds and motions.
        seed: any number.
        size: (width, height) of the images in pixels.
        people: at most so many people in an image.
        views: how many calibrated cameras see each scene; each gives one of the images.
        quality: of the JPEGs, up to 100.
        backgrounds: folder of images to put behind the people; synthetic ones where it is empty.
        motions: what the people do, names out of MOTIONS.
        bodies: 'people', of flesh and dressed, or 'figures' of simple shapes, which are rendered faster.
        environments: folder of HDR panoramas, light and background at once, for bodies of people; synthetic places
            where it is empty.

    Raises:
        ValueError: a setting is out of its range.
        FileNotFoundError: there is no folder of that name.
    """

    images: int
    split: str = 'train'
    seed: int = 0
    size: tuple[int, int] = (512, 384)
    people: int = 1
    views: int = 1
    quality: int = 90
    backgrounds: str = ''
    motions: tuple[str, ...] = tuple(MOTIONS)
    bodies: str = 'figures'
    environments: str = ''

    def __post_init__(self) -> None:
        for name, low, high in (('images', 1, 10**7), ('people', 1, MAX_PEOPLE), ('views', 1, 16), ('quality', 1, 100)):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f'{name} must be from {low} to {high}, but it is {getattr(self, name)}')
        if min(self.size) < 64 or max(self.size) > 4096:
            raise ValueError(f'size must be from 64 to 4096 pixels, but it is {self.size[0]}x{self.size[1]}')
        unknown = [name for name in self.motions if name not in MOTIONS]
        if unknown or not self.motions:
            raise ValueError(f'motions are out of {", ".join(MOTIONS)}, but it is {", ".join(unknown) or "none"}')
        if self.bodies not in BODIES:
            raise ValueError(f'bodies are out of {", ".join(BODIES)}, but it is {self.bodies!r}')
        if self.environments and self.bodies != 'people':
            raise ValueError('environments are for bodies of people')
        self.environment_files()
        if self.backgrounds and not self.background_files():
            raise ValueError(f'{self.backgrounds} has no images (.jpg, .jpeg, .png) to put behind the people')

    def background_files(self) -> list[Path]:
        """Return the sorted paths of the background images."""
        if not self.backgrounds:
            return []
        if not Path(self.backgrounds).is_dir():
            raise FileNotFoundError(f'there is no folder of backgrounds {self.backgrounds}')
        return sorted(
            path for path in Path(self.backgrounds).iterdir() if path.suffix.lower() in ('.jpg', '.jpeg', '.png')
        )

    def environment_files(self) -> list[Path]:
        """Return the sorted paths of the panoramas."""
        return panorama_files(self.environments) if self.environments else []


def recorded(settings: Settings) -> dict[str, Any]:
    """Return the settings as a data set keeps them."""
    kept = asdict(settings)
    if settings.bodies == 'figures':  # as it was before there were others
        del kept['environments']
        return dict(kept, bodies=BODIES['figures'])
    return dict(kept, version=BODIES[settings.bodies])
