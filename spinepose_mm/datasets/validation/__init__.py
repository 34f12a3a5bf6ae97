"""Everything that is wrong, or looks wrong, with a data set."""
