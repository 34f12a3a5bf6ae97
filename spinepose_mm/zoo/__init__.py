"""The models that the package knows, and their files."""
