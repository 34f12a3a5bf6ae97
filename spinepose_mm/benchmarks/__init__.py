"""What this package costs, measured side by side with what else does the same work."""
from spinepose_mm import deprecated

__getattr__ = deprecated.getter(__name__)
