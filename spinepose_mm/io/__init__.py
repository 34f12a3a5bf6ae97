"""Reading and writing: what comes in, and files that are written whole or not at all."""
