"""Validation of a data set: checks of its annotations and images, and a report of what fails them."""

__all__ = ['annotation', 'checks', 'findings', 'images', 'report']
