"""`python -m spinepose_mm`, the same as the command `spinepose_mm`."""

from spinepose_mm_cli import main

if __name__ == '__main__':
    main()
