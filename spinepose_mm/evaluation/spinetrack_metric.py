import contextlib
import copy
import io

from mmpose.evaluation import CocoMetric
from mmpose.registry import METRICS

from spinepose_mm import skeleton


@METRICS.register_module()
class SpineTrackMetric(CocoMetric):
    """COCO's keypoint AP and AR on subsets of SpineTrack's keypoints.

    On each subset the numbers are those of MMPose's `CocoMetric` on a data set of just these keypoints: with their
    sigmas, scored and suppressed by them, and without the people who have none of them labelled.

    The results are named `{subset}_AP`, `_AP .5`, `_AP .75`, `_AP (M)`, `_AP (L)` and likewise `_AR`, from 0 to 1, and
    -1 where the data has nobody to count.

    Predictions may be of Halpe-26's or COCO's keypoints, SpineTrack's first ones, where the subsets need no others.

    Args:
        subsets: names out of `skeleton.SUBSETS`.
        **kwargs: those of MMPose's `CocoMetric`, but for the converters and the file to write.

    Raises:
        ValueError: a subset of another name, predictions that lack keypoints of the subsets, or labels
            that are not of 37 keypoints.
    """
    default_prefix = 'spinetrack'

    def __init__(self, subsets=tuple(skeleton.SUBSETS), ann_file=None, collect_device='cpu', prefix=None, **kwargs):
        unknown = set(subsets) - set(skeleton.SUBSETS)
        if unknown or not subsets:
            raise ValueError(f'SpineTrackMetric: subsets are out of {", ".join(skeleton.SUBSETS)}, but '
                             f'{", ".join(sorted(unknown)) or "none"} was given')
        unfit = {'pred_converter', 'gt_converter', 'outfile_prefix', 'format_only'} & kwargs.keys()
        if unfit:
            raise TypeError(f'SpineTrackMetric takes no {", ".join(sorted(unfit))}')
        super().__init__(ann_file=ann_file, collect_device=collect_device, prefix=prefix, **kwargs)
        self.subsets = tuple(subsets)
        self._coco_options = kwargs

    @CocoMetric.dataset_meta.setter
    def dataset_meta(self, dataset_meta):
        CocoMetric.dataset_meta.fset(self, dataset_meta)
        if self.coco:  # so that bad labels are found before an epoch is trained
            self._check(self.coco.anns.values())

    def compute_metrics(self, results):
        least = min(count for count in skeleton.LAYOUTS
                    if all(max(skeleton.SUBSETS[subset]) < count for subset in self.subsets))
        for prediction, _ in results:
            found = prediction['keypoints'].shape[1]
            if found not in skeleton.LAYOUTS or found < least:
                raise ValueError(f'SpineTrackMetric takes {least} keypoints a person for {", ".join(self.subsets)}, '
                                 f'but the prediction for image {prediction["img_id"]} has {found}')
        if not self.coco:
            self._check(person for _, truth in results for person in truth['raw_ann_info'])
        values = {}
        for subset in self.subsets:
            # Shallow copies, since the converter replaces the predictions' arrays.
            copies = [(dict(prediction), truth) for prediction, truth in results]
            with contextlib.redirect_stdout(io.StringIO()):  # COCO's evaluator prints its progress and tables
                found = self._subset_metric(subset).compute_metrics(copies)
            values.update({f'{subset}_{name}': float(value) for name, value in found.items()})
        return values

    def _subset_metric(self, subset):
        ids = skeleton.SUBSETS[subset]
        converter = dict(num_keypoints=len(ids), mapping=list(zip(ids, range(len(ids)))))
        metric = CocoMetric(pred_converter=converter, gt_converter=converter, **self._coco_options)
        # Deep copies, since the converter changes annotations and sigmas in place.
        metric.coco = copy.deepcopy(self.coco)
        metric.dataset_meta = copy.deepcopy(self.dataset_meta)
        return metric

    def _check(self, people):
        for person in people:
            where = f'SpineTrackMetric: annotation {person["id"]} of {self.ann_file or "the data set"}'
            flat = person.setdefault('keypoints', [0] * 3 * skeleton.NUM_KEYPOINTS)  # crowds may have none
            if len(flat) != 3 * skeleton.NUM_KEYPOINTS:
                raise ValueError(f'{where} has {len(flat) / 3:g} keypoints, where {skeleton.NUM_KEYPOINTS} are '
                                 'expected')
            if self.use_area and 'area' not in person:
                raise ValueError(f'{where} has no field \'area\'; set use_area=False to take it from the box')
