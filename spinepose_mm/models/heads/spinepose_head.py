import torch
from mmpose.evaluation.functional import simcc_pck_accuracy
from mmpose.models.heads import RTMCCHead
from mmpose.registry import MODELS
from mmpose.utils.tensor_utils import to_numpy

from spinepose_mm.models.losses import expected_coordinates


@MODELS.register_module()
class SpinePoseHead(RTMCCHead):
    """RTMPose's head with SpinePose's anatomical losses beside its own; its state dict is that of `RTMCCHead`.

    All losses are sums over the people of the batch, as RTMPose's is, so that their ratio does not depend on its size.
    The geometric ones compare the means of the distributions that RTMPose's loss compares: the softmax of the logits
    and that of the labels. So they are zero where it is.

    Args:
        position_weight: weight of RTMPose's own loss, `loss`.
        structure_loss: config of a loss of (predicted points, true points, which are labelled), or None.
        spine_loss: the same.
        reach: how far from the peak of a distribution bins count for the points that the geometric losses compare, in
            the codec's sigmas; `inf` for the mean of the whole distribution.
        **kwargs: those of `RTMCCHead`; `loss` is a `KLDiscretLoss` with `label_softmax=True`.

    Raises:
        ValueError: `loss` is another.
    """

    def __init__(self, *args, position_weight=1., structure_loss=None, spine_loss=None, reach=2., **kwargs):
        super().__init__(*args, **kwargs)
        self.position_weight = position_weight
        self.reach = tuple(reach * float(sigma) for sigma in self.decoder.sigma)
        self.structure_loss = structure_loss and MODELS.build(structure_loss)
        self.spine_loss = spine_loss and MODELS.build(spine_loss)
        if not getattr(self.loss_module, 'label_softmax', False):
            raise ValueError('SpinePoseHead: loss is a KLDiscretLoss with label_softmax=True, but '
                             f'{kwargs.get("loss")} was given')

    def loss(self, feats, batch_data_samples, train_cfg=None):
        """Return the losses of a batch, given the features of its pictures."""
        return self.simcc_loss(self.forward(feats), batch_data_samples)

    def simcc_loss(self, simcc, batch_data_samples):
        """Return the losses of a batch.

        Args:
            simcc: logits along x and y, (N, K, W * split ratio) and (N, K, H * split ratio).
            batch_data_samples: N samples with the labels of `SimCCLabel`.

        Returns:
            dict: 'loss_kpt', 'loss_structure' and 'loss_spine', each weighted, as far as they are configured, and the
            PCK at 5% of the input as 'acc_pose'.
        """
        simcc = tuple(axis.float() for axis in simcc)  # MMPose's accuracy takes no bfloat16
        labels = tuple(gather(batch_data_samples, f'keypoint_{axis}_labels') for axis in 'xy')
        weights = gather(batch_data_samples, 'keypoint_weights')
        losses = dict(loss_kpt=self.position_weight * self.loss_module(simcc, labels, weights))
        if self.structure_loss or self.spine_loss:
            losses.update(self._anatomical_losses(simcc, labels, weights > 0))
        _, accuracy, _ = simcc_pck_accuracy(
            to_numpy(simcc), to_numpy(labels), self.simcc_split_ratio, to_numpy(weights) > 0)
        losses['acc_pose'] = weights.new_tensor(accuracy)
        return losses

    def _anatomical_losses(self, simcc, labels, labelled):
        kl = self.loss_module
        # Half precision does not tell neighbouring bins apart.
        with torch.autocast(simcc[0].device.type, enabled=False):
            pred = self._points(logits * kl.beta for logits in simcc)
            true = self._points(axis * kl.label_beta for axis in labels)
            return {f'loss_{name}': loss(pred, true, labelled)
                    for name, loss in (('structure', self.structure_loss), ('spine', self.spine_loss)) if loss}

    def _points(self, simcc):
        return expected_coordinates([axis.softmax(-1) for axis in simcc], self.simcc_split_ratio, self.reach)


def gather(batch_data_samples, label):
    """Return one of the labels of all samples, (N, K) or (N, K, number of bins)."""
    return torch.cat([sample.gt_instance_labels[label] for sample in batch_data_samples])
