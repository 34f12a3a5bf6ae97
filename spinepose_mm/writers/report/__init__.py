"""The report of a video or of images: one HTML page."""
