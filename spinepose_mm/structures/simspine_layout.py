"""What SIMSPINE's annotation files hold: names, shapes and people.

In the shapes, N is the number of frames, K that of joints and A that of kinematic axes.
"""

#: Shape of each field.
LAYOUT = dict(
    imgname=('N',),
    center=('N', 2),
    scale=('N',),
    part=('N', 'K', 3),
    S=('N', 'K', 4),
    S_world=('N', 'K', 4),
    angles=('N', 'A'),
)
#: Each frame's camera, which SIMSPINE's own files do not have and those that this package writes do.
CAMERA_LAYOUT = dict(K=('N', 3, 3), dist=('N', 'D'), R=('N', 3, 3), t=('N', 3))
#: Field of the metadata that names what a dimension counts.
NAMES = dict(K='joint_names', A='param_names')
SUBJECTS = ('S1', 'S5', 'S6', 'S7', 'S8', 'S9', 'S11')
