"""A sketch of a body from the side with the levels of the spine, which explains S1, C7 and L1."""

#: Outline of `spinepose_mm.synthetic.Body()` that stands, from the side, down to the thighs, and the keypoints of its
#: spine: forward and up from the ground, in thousandths of the stature.
_OUTLINE = (
    (-40, 1004),
    (-56, 995),
    (-69, 981),
    (-75, 968),
    (-78, 952),
    (-77, 931),
    (-80, 890),
    (-76, 862),
    (-69, 840),
    (-74, 822),
    (-74, 799),
    (-91, 782),
    (-97, 762),
    (-98, 728),
    (-95, 712),
    (-68, 632),
    (-77, 576),
    (-75, 523),
    (-70, 499),
    (-61, 483),
    (-57, 443),
    (-52, 432),
    (50, 431),
    (55, 435),
    (58, 450),
    (61, 508),
    (65, 538),
    (55, 590),
    (53, 624),
    (38, 678),
    (37, 713),
    (40, 735),
    (38, 779),
    (34, 791),
    (7, 826),
    (4, 837),
    (17, 857),
    (21, 872),
    (42, 890),
    (47, 904),
    (56, 912),
    (58, 921),
    (49, 935),
    (47, 955),
    (38, 979),
    (26, 992),
    (10, 1001),
    (-20, 1008),
)
PLACES = {
    'C1': (-20.5, 906.4),
    'C4': (-21.4, 874.7),
    'C7': (-29.9, 844.2),
    'T3': (-46.3, 808.6),
    'T8': (-60.8, 739.0),
    'L1': (-46.5, 669.3),
    'L3': (-32.1, 628.9),
    'L5': (-26.0, 586.6),
    'S1': (-29.9, 565.4),
}
_WORDS = {
    'C1': 'top of the neck',
    'C4': 'middle of the neck',
    'C7': 'base of the neck',
    'T3': 'upper back',
    'T8': 'middle of the back',
    'L1': 'top lumbar vertebra',
    'L3': 'middle lumbar vertebra',
    'L5': 'lowest lumbar vertebra',
    'S1': 'sacrum, between the hips',
}
_TOP, _LEFT, _SIZE = 1020, -110, (620, 600)
_WORDS_AT, _APART, _FONT = 100, 46, 26


def sketch() -> str:
    """Return the sketch as a figure of HTML."""

    def at(x: float, y: float) -> str:
        return f'{x - _LEFT:.0f},{_TOP - y:.0f}'

    outline = ' '.join(at(*point) for point in _OUTLINE)
    spine = ' '.join(at(*place) for place in PLACES.values())
    parts = [
        f'<polygon points="{outline}" fill="#e9edf1" stroke="#9aa5b1" stroke-width="2"/>',
        f'<polyline points="{spine}" fill="none" stroke="#cc2f7b" stroke-width="5"/>',
    ]
    for i, (level, (x, y)) in enumerate(PLACES.items()):
        x, y, low = x - _LEFT, _TOP - y, 105 + _APART * i
        right = _WORDS_AT - _LEFT
        parts.append(
            f'<path d="M{x:.0f} {y:.0f}L{right - 8} {low}" fill="none" stroke="#9aa5b1" stroke-width="1.5"/>'
            f'<circle cx="{x:.0f}" cy="{y:.0f}" r="6" fill="#cc2f7b"/>'
            f'<text x="{right}" y="{low + 9}"><tspan font-weight="bold">{level}</tspan> {_WORDS[level]}</text>'
        )
    return (
        f'<figure class="sketch"><svg role="img" aria-label="The levels of the spine on a body from the side" '
        f'viewBox="0 0 {_SIZE[0]} {_SIZE[1]}" font-size="{_FONT}" font-family="inherit" fill="#222">'
        f'{"".join(parts)}</svg><figcaption>The levels of the spine that are measured, on a body from the side.'
        '</figcaption></figure>\n'
    )
