import logging

import mmcv
from mmengine import fileio
from mmengine.logging import print_log
from mmpose.datasets.transforms import LoadImage
from mmpose.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadSpineImage(LoadImage):
    """MMPose's `LoadImage`, which passes on no picture that is truncated or none at all.

    OpenCV fills the missing part of a truncated file with grey and says nothing, and gives None for what is no
    picture at all.

    Args:
        skip_broken: for training: log a warning that counts, and return None, so that the data set takes another
            sample. Otherwise a broken file is an error.
        **kwargs: those of MMPose's `LoadImage`.

    Raises:
        FileNotFoundError: the file does not exist.
        ValueError: the file is empty, truncated, or not an image.
    """

    def __init__(self, skip_broken=False, **kwargs):
        super().__init__(**kwargs)
        self.skip_broken = skip_broken
        self._broken = set()

    def transform(self, results):
        if 'img' in results:
            return super().transform(results)
        path = results['img_path']
        try:
            image = self._read(path)
        except (OSError, ValueError) as error:
            if not self.skip_broken:
                raise
            self._broken.add(path)
            print_log(f'another sample is taken in its place: {error} (broken images so far in this process: '
                      f'{len(self._broken)})', 'current', logging.WARNING)
            return None
        results['img'] = image
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        return results

    def _read(self, path):
        try:
            data = fileio.get(path, backend_args=self.backend_args)
        except FileNotFoundError:
            raise FileNotFoundError(f'image {path} does not exist') from None
        if is_truncated(data):
            raise ValueError(f'image {path} is truncated')
        image = mmcv.imfrombytes(data, flag=self.color_type, backend=self.imdecode_backend) if data else None
        if image is None:
            raise ValueError(f'{path} is not an image')
        return image.astype('float32') if self.to_float32 else image


def is_truncated(data):
    """Say whether the bytes of a JPEG or PNG file end before the image does; False for other formats."""
    if data.startswith(b'\x89PNG\r\n\x1a\n'):
        return data.rfind(b'IEND') < 0
    if not data.startswith(b'\xff\xd8'):
        return False
    # Walk over the headers, since they may hold a whole thumbnail, to the first scan; within scans 0xFF is stuffed,
    # so that an end marker (FF D9) after it can only be the image's own.
    at = 2
    while data[at:at + 1] == b'\xff' and data[at:at + 2] != b'\xff\xda':
        if len(data) < at + 4:
            return True
        if data[at + 1] == 0xff:  # markers may be preceded by any number of fill bytes
            at += 1
            continue
        at += 2 + int.from_bytes(data[at + 2:at + 4], 'big')
    return data.find(b'\xff\xd9', at) < 0
