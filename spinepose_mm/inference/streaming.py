"""What this package's inferencers have in common."""

import json
import logging
import os
from collections.abc import Iterator
from copy import copy
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from mmengine.logging import print_log
from mmpose.structures import PoseDataSample

from spinepose_mm.io.sources import Source, open_source
from spinepose_mm.structures.frame import Frame, Person, to_instances, to_persons
from spinepose_mm.writers.encoding import encoder_for, usual_ending

from .loading import Loading

#: Options of MMPose's other inferencers, with their defaults, which MMPose's demo passes whatever the model.
_OF_OTHERS = dict(
    pose_based_nms=False,
    merge_results=True,
    use_oks_tracking=False,
    tracking_thr=0.3,
    disable_norm_pose_2d=False,
    disable_rebase_keypoint=False,
    num_instances=1,
    draw_bbox=False,
    draw_heatmap=False,
    skeleton_style='mmpose',
    black_background=False,
)


class Streaming(Loading):
    """Mixin of a BaseMMPoseInferencer whose `follow` yields Frames: it takes any input, in constant memory.

    MMPose's own take no streams, open a window for a camera, and keep all predictions of a video to its end.
    """

    visualizer: Any
    preprocess_kwargs: set[str]
    forward_kwargs: set[str] = set()
    visualize_kwargs: set[str]
    postprocess_kwargs: set[str] = {'pred_out_dir'}

    # What belongs to a call, on the copy that it runs on: the input as MMPose describes it, the frame that is worked
    # on, the file of a video's predictions, and names of images whose predictions were written.
    video_info: dict[str, Any]
    _video_input: bool
    _frame: Frame
    _predictions: TextIO | None
    _written: set[str]

    def __call__(
        self,
        inputs: Any,
        return_datasamples: bool = False,
        batch_size: int = 1,
        out_dir: str | None = None,
        frame_rate: float | None = None,
        channel_order: str = 'bgr',
        **kwargs: Any,
    ) -> Iterator[dict[str, Any]]:
        """Yield the result of each frame, a dict with `predictions` and `visualization` as MMPose's.

        Args:
            inputs: what `spinepose_mm.inference.open_source` takes.
            return_datasamples: give a PoseDataSample in the place of a list of Person.
            batch_size: has no effect: one frame is one batch, with all of its people.
            out_dir: folder of `visualizations` and `predictions`.
            frame_rate: frames a second of images that follow each other in time.
            channel_order: 'bgr' or 'rgb', of arrays.
            kwargs: the class's options, fields of `PoseOptions` or `LiftingOptions`, and MMPose's. Those of MMPose's
                for models of another kind have no effect, and where they are not at their defaults, a warning names
                them.

        Raises:
            FileNotFoundError, ValueError: as `open_source`; or an option is unknown or out of its range.
        """
        kwargs = self._without_others(kwargs)
        source = open_source(inputs, frame_rate, channel_order)
        # MMPose keeps what belongs to a call on its inferencer. So that calls at the same time do not share it, each
        # runs on a copy, which has the same models.
        call = copy(self)
        call.visualizer = copy(self.visualizer)
        call._predictions, call._written, call.video_info = None, set(), dict(writer=None)
        run = super(Streaming, call).__call__  # that of the class it is mixed into
        try:
            yield from run(source, return_datasamples, 1, out_dir, **kwargs)
        finally:
            call._close()

    def _close(self) -> None:
        """End the files of this call."""
        if self._predictions:
            self._predictions.write('\n]\n')
            self._predictions.close()
        if self.video_info['writer'] is not None:
            self.video_info['writer'].release()

    def _without_others(self, options: dict[str, Any]) -> dict[str, Any]:
        own = self.preprocess_kwargs | self.visualize_kwargs | self.postprocess_kwargs
        others = {name: value for name, value in options.items() if name in _OF_OTHERS.keys() - own}
        wanted = [f'{name}={value!r}' for name, value in others.items() if value != _OF_OTHERS[name]]
        if wanted:
            print_log(f'{", ".join(wanted)}: without effect on {type(self).__name__}', 'current', logging.WARNING)
        return {name: value for name, value in options.items() if name not in others}

    def _inputs_to_list(self, source: Source) -> Source:
        self._video_input = source.is_video
        self.video_info = dict(name=f'{source.name}{usual_ending()}', fps=source.frame_rate, writer=None)
        return source

    def save_visualization(self, visualization: np.ndarray, vis_out_dir: str, img_name: str | None = None) -> None:
        """Write a frame as MMPose does, whose videos browsers do not play: its writer is replaced.

        Args:
            visualization: (H, W, 3), uint8, RGB.
            vis_out_dir: folder of the results.
            img_name: of an image that is no frame of a video.
        """
        if self._video_input and self.video_info['writer'] is None:
            path = Path(vis_out_dir, self.video_info['name'])
            path.parent.mkdir(parents=True, exist_ok=True)
            self.video_info['writer'] = encoder_for(path)(path, self.video_info['fps'], visualization.shape[1::-1])
        super().save_visualization(visualization, vis_out_dir, img_name)

    def follow(self, source: Source, **options: Any) -> Iterator[Frame]:
        """Yield the Frames of a Source with their people."""
        raise NotImplementedError

    def preprocess(
        self, inputs: Source, batch_size: int = 1, **options: Any
    ) -> Iterator[tuple[Frame, list[np.ndarray]]]:
        """Yield each Frame with its people, and a list of its image."""
        for frame in self.follow(inputs, **options):
            yield frame, [frame.image]

    def forward(self, frame: Frame) -> list[PoseDataSample]:
        """Return the people of a Frame as a list of one PoseDataSample."""
        self._frame = frame
        metainfo: dict[str, Any] = dict(img_path=frame.path)
        if frame.coordinates:
            metainfo.update(coordinates=frame.coordinates, units='m', settled=frame.settled)
        return [PoseDataSample(pred_instances=to_instances(frame.people), metainfo=metainfo)]

    def postprocess(
        self,
        preds: list[PoseDataSample],
        visualization: list[np.ndarray],
        return_datasamples: bool = False,
        pred_out_dir: str = '',
    ) -> dict[str, Any]:
        """Return the result of a frame, and write it down.

        In `pred_out_dir`, a video has one file, `[{"frame_id": …, "instances": […]}, …]`, an image one of its own.
        """
        (sample,) = preds
        persons = to_persons(
            sample.pred_instances, **{key: value for key, value in sample.metainfo.items() if key != 'img_path'}
        )
        if pred_out_dir:
            self._write(persons, pred_out_dir, sample.metainfo['img_path'])
        return dict(visualization=visualization, predictions=[sample if return_datasamples else persons])

    def _write(self, persons: list[Person], folder: str, path: str) -> None:
        os.makedirs(folder, exist_ok=True)
        if not self._video_input:
            if Path(path).stem in self._written:
                raise ValueError(
                    f'{path}: there was another image of that name before, whose predictions are in {folder}'
                )
            self._written.add(Path(path).stem)
            Path(folder, f'{Path(path).stem}.json').write_text(json.dumps(persons, indent=1))
            return
        if self._predictions is None:
            self._predictions = open(Path(folder, Path(self.video_info['name']).stem + '.json'), 'w')
        self._predictions.write('[\n' if not self._predictions.tell() else ',\n')
        json.dump(dict(frame_id=self._frame.index, instances=persons), self._predictions)

    def _finalize_video_processing(self, pred_out_dir: str = '') -> None:
        """Leave to `__call__` what MMPose does at the end of videos that come to their end."""
