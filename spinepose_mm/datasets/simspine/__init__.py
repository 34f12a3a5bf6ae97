"""SIMSPINE and Human3.6M: annotation files, images and cameras, matched and checked."""
