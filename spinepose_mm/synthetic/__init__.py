"""Labelled pictures that are made, not collected."""
