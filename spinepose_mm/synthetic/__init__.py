"""Rendered people with a real spine: as many labelled images as wanted, on any machine, without a display.

    from spinepose_mm.synthetic import Settings, synthesize
    synthesize('data/synthetic', Settings(images=1000, split='train', seed=1))

Rendering needs the extra `synthetic` (PyVista).

anatomy: measures of the body.
body: joints and keypoints.
shapes: meshes of people of all ages.
flesh: people of flesh, a shape that moves with the body's spine.
posture: standing curves, scoliosis among them.
binding: where the skeleton lies in a shape.
landmarks: keypoints that the shape's surface tells.
hands: curled fingers.
skinning: moving a mesh with its bones.
dressing: dressed people, one surface that moves with a person.
wardrobe: what a person wears.
garments, hang: clothes of the body's own surface, in layers.
shoes, skirts, hair, headwear: what is fastened to the body.
attached: how it is fastened.
pieces: meshes that follow a body, and how they are cut.
regions: where on the body a point is.
materials, skin: cloth, skin, eyes and hair, as colours by place.
noise: smooth noise in three dimensions.
motion: sequences of poses.
motion_poses: the poses that each motion passes.
surface: skin and clothes of figures.
scene: light and rendering of figures.
backdrop: background, shadows and camera faults of figures' images.
people: one image of people of flesh, and its labels.
rendering: one image of figures, and its labels.
photo: images of surfaces of any shape and material in a place.
mesh: these surfaces.
raster: which triangle each pixel sees.
light, shadows, shading: what comes from it to the camera.
environment: places, which are light and background; panorama, outdoors, indoors: their kinds.
textures, rays: what these share.
lens: motion blur, defocus, exposure, noise.
things: boxes, tubes, balls, furniture, barbells.
staging: where people, things and cameras are.
dataset: data sets of images.
settings: what a data set is made of.
labels: the labels of a data set.
look: images to check a data set by eye.
poses: keypoints and cameras without images, for lifting.
tracking_scenes: videos without images, for tracking.
around: people from all sides without images, for measures.
"""

from spinepose_mm import deprecated

from .body import Body, forward, keypoints
from .dataset import synthesize
from .flesh import Person
from .motion import sequence
from .motion_poses import MOTIONS
from .settings import Settings

__all__ = ['Body', 'MOTIONS', 'Person', 'Settings', 'forward', 'keypoints', 'sequence', 'synthesize']

__getattr__ = deprecated.getter(__name__)
