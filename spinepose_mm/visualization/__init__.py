"""Images with people drawn into them."""
