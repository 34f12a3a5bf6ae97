"""Measure the accuracy of the spine's measures on moving synthetic bodies with ground truth.

    mim run spinepose_mm benchmark_measures
    mim run spinepose_mm benchmark_measures --intervals     # intervals of lifted measures

Level cameras stand all around the people, 2.5 to 6 m away and 1 to 2 m high, and show them about 500 pixels tall; in
them, 1 pixel is 3.5 mm. Errors are those against the measures of the exact points in space: medians, with the
90th percentile in brackets.
"""

import argparse


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--people', type=int, default=8, help='number of people in each motion (8)')
    parser.add_argument('--frames', type=int, default=3, help='frames of each motion (3)')
    parser.add_argument('--intervals', action='store_true', help='print how often the intervals in 3D hold, instead')
    args = parser.parse_args()
    if args.intervals:
        from spinepose_mm.benchmarks.intervals import print_intervals

        return print_intervals()
    from spinepose_mm.benchmarks.spine_measures import print_tables  # takes seconds

    print_tables(args.people, args.frames)


if __name__ == '__main__':
    main()
