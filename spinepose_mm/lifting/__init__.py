"""From points in pictures to points in space."""
from .triangulation import reprojection_errors, triangulate

__all__ = ['reprojection_errors', 'triangulate']
