"""Plain dataclasses and constants that the rooms hand on to each other."""
