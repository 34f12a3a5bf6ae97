"""Measures of the human body: segment lengths, the spine's curves, and how far joints move.

Lengths are parts of the body height unless a unit is named. Axes of a body part: x points forward, y up, z to the
person's right, as in OpenSim.

Sources:
    [1] Drillis and Contini (1966), Body segment parameters, as tabulated by Winter, Biomechanics and Motor Control of
        Human Movement (2009), figure 4.1.
    [2] White and Panjabi, Clinical Biomechanics of the Spine (2nd ed., 1990), representative ranges of motion.
    [3] Bernhardt and Bridwell (1989), Segmental analysis of the sagittal plane alignment of the normal thoracic and
        lumbar spines: two thirds of the lordosis lie between L4 and S1.
    [4] Lumbar lordosis of 627 healthy adults who stand, 20 to 80 years old (PMC6680033).
    [5] American Academy of Orthopaedic Surgeons, Joint Motion (1965).
    [6] Thoracic kyphosis on radiographs of people without spinal anomalies: T5-T12 29.7 and T1-T12 45.5 degrees, with
        standard deviations of 8.9 and 9.3, of 455 (doi 10.1186/s12891-024-07490-2); T4-T12 37.7 of 69 controls
        (doi 10.1186/s13013-018-0156-0, table 2).
    [7] Roche, Cervical spine, in Measurements in Musculoskeletal Radiology (2008): it is 12 to 13 cm long in adults.
Where no source is named, the value was chosen by eye on the drawn model.
"""

from spinepose_mm import deprecated

#: Vertebrae from bottom to top; the first one stands on S1.
VERTEBRAE = tuple(f'{region}{i}' for region, count in (('L', 5), ('T', 12), ('C', 7)) for i in range(count, 0, -1))
REGIONS = {'L': 'lumbar', 'T': 'thoracic', 'C': 'cervical'}

#: Distance of a vertebra's centre from the one below, by region and relative to each other: a lumbar body and its disc
#: are half as high again as a thoracic one. Cervical ones are a seventh of 12.5 cm at an average height of 1.70 m [7],
#: so that the centres of C1 and C7 are 110 mm apart at 1.75 m.
VERTEBRA_HEIGHT = {'L': 1.5, 'T': 1.0, 'C': 0.74}
#: Standing. C7 is the length of the neck [7] and of the skull above C1 (POINTS) below the top of the head; .818 in [1]
#: is the height of the shoulders.
S1_HEIGHT, C7_HEIGHT = 0.565, 0.845

#: Mean and standard deviation of the standing posture, degrees: Cobb T12-S1 [4], and T4-T12 between the figures of [6].
LORDOSIS, KYPHOSIS = (49.8, 11.2), (38.0, 10.0)
MAX_DEVIATIONS = 2.5  # from the mean, of the bodies that are drawn
LORDOSIS_SHARES = {'L5': 0.37, 'L4': 0.28, 'L3': 0.18, 'L2': 0.11, 'L1': 0.06}  # of each vertebra on the one below [3]
UPPER_THORACIC, CERVICAL_LORDOSIS = 9.0, 26.0  # degrees, T1-T4 and C2-C7

#: How far each vertebra turns on the one below, in degrees: flexion and extension together, bending to one side,
#: rotation to one side [2]. C0 is the skull, which nods on C1.
RANGES = {
    'L5': (17, 3, 1),
    'L4': (16, 6, 2),
    'L3': (15, 8, 2),
    'L2': (14, 6, 2),
    'L1': (12, 6, 2),
    'T12': (12, 8, 2),
    'T11': (12, 9, 2),
    'T10': (9, 7, 2),
    'T9': (6, 6, 4),
    'T8': (6, 6, 6),
    'T7': (6, 6, 7),
    'T6': (5, 6, 7),
    'T5': (4, 6, 8),
    'T4': (4, 6, 8),
    'T3': (4, 5, 8),
    'T2': (4, 6, 8),
    'T1': (4, 5, 9),
    'C7': (9, 4, 2),
    'C6': (17, 7, 6),
    'C5': (20, 8, 7),
    'C4': (20, 11, 7),
    'C3': (15, 11, 7),
    'C2': (10, 10, 3),
    'C1': (20, 5, 40),
    'C0': (25, 5, 5),
}
#: The part of flexion and extension together that is flexion, from the neutral standing posture.
FLEXION_SHARE = {'L': 0.7, 'T': 0.6, 'C': 0.5}

#: Least and greatest angles of the limbs' joints, in degrees [5].
LIMB_RANGES = {
    'hip_flexion': (-30, 120),
    'hip_abduction': (-30, 45),
    'hip_rotation': (-45, 45),
    'knee_flexion': (0, 135),
    'ankle_dorsiflexion': (-50, 20),
    'shoulder_flexion': (-60, 180),
    'shoulder_abduction': (-30, 180),
    'shoulder_rotation': (-90, 90),
    'elbow_flexion': (0, 150),
}

UPPER_ARM, FOREARM, THIGH, SHANK = 0.186, 0.146, 0.245, 0.246  # [1]
ANKLE_HEIGHT = 0.039  # [1]; the foot is .152 long, which its points below span
SOLE = 0.006  # thickness under the points of a foot

#: Points that stand still in the frame of a body part: {keypoint: (part, (x, y, z))}; z is for the right side.
POINTS = {
    'head': ('head', (0.005, 0.096, 0.0)),
    'nose': ('head', (0.070, 0.012, 0.0)),
    'eye': ('head', (0.056, 0.031, 0.018)),
    'ear': ('head', (0.008, 0.020, 0.043)),
    'clavicle': ('shoulders', (0.034, 0.004, 0.062)),
    'shoulder': (
        'shoulders',
        (0.014, -0.004, 0.113),
    ),  # biacromial breadth .259 [1], the joint lies 1.5 hundredths inside
    'latissimus': ('ribs', (0.010, -0.015, 0.086)),
    'hip': ('pelvis', (0.0, 0.0, 0.050)),
    'big_toe': ('foot', (0.105, -0.034, -0.012)),
    'small_toe': ('foot', (0.082, -0.034, 0.028)),
    'heel': ('foot', (-0.045, -0.034, 0.0)),
}
SACRUM = (-0.030, S1_HEIGHT - THIGH - SHANK - ANKLE_HEIGHT, 0.0)  # S1 from the middle of the hip joints

__getattr__ = deprecated.getter(__name__)
