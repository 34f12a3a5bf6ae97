"""Words of messages and reports."""


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Return a count with its noun: '1 person', '2 frames', '3 people'.

    Args:
        count: whole number.
        noun: in the singular.
        plural: where it is not the noun with an s; of 'person' it is 'people'.
    """
    plural = plural or ('people' if noun == 'person' else f'{noun}s')
    return f'{count} {noun if count == 1 else plural}'
