"""Images with people drawn into them.

drawing: keypoints, bones, ids and measures in a frame, and views of people in 3D.
"""

from .drawing import draw_bones, draw_people, draw_views

__all__ = ['draw_bones', 'draw_people', 'draw_views']
