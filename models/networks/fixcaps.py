"""FixCaps and FixCaps-DS, rebuilt to answer for one photo.

Source: Lan, Cai, He, Wen, "FixCaps: An Improved Capsules Network for Diagnosis of Skin Cancer", IEEE Access
10:76261, 2022. Kept: the large-kernel convolution, CBAM, grouped primary capsules, routed digit capsules and the
margin loss. Changed, because the published network lets the other photos of a batch vote on this one and draws
random pooling regions at every pass:

* routing runs per sample, and its softmax over the *output* capsules (Sabour, Frosst, Hinton, "Dynamic Routing
  Between Capsules", NIPS 2017, procedure 1);
* pooling is adaptive max pooling, which is deterministic.
"""

from __future__ import annotations

from typing import Final, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inference.classes import CLASSES

CHANNELS: Final = 128
MEAN: Final = (0.762, 0.551, 0.576)
STD: Final = (0.141, 0.151, 0.169)
"""Means of red, green and blue in the training pictures. The paper uses 0.5 for all, which is far from the mean of
skin. The remaining mean would dominate the large kernel's sum over a thousand pixels and slow training down."""

POOLED: Final = 20  # cells along one side of the feature map that the capsules read, as in the paper
WINDOW: Final = 9  # side, in these cells, of the input of one primary capsule
GRID: Final = (POOLED - WINDOW) // 2 + 1  # primary capsules along one side


def squash(vectors: Tensor, dim: int = -1) -> Tensor:
    """Shrink vectors to a length in [0, 1) and keep their direction (Sabour et al., 2017, equation 1)."""
    return vectors * shrinkage(vectors, dim)


def shrinkage(vectors: Tensor, dim: int = -1) -> Tensor:
    """The factor by which ``squash`` multiplies each vector; ``dim`` is kept with size 1."""
    squared = vectors.square().sum(dim, keepdim=True)
    return squared.sqrt() / (1.0 + squared + 1e-8)


class FoldedConv2d(nn.Module):
    """A convolution of stride 2 without padding or dilation, computed at stride 1 on a folded input.

    Folding 2 x 2 pixels into channels turns ``C`` input channels into ``4 C`` and halves the kernel. The sum is the
    same, but CPUs compute it much faster (three channels leave most SIMD lanes empty).

    Input B x C x H x W, output B x ``out_channels`` x ((H - k) // 2 + 1) x ((W - k) // 2 + 1).
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: int) -> None:
        super().__init__()
        self.kernel = kernel
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")

    def forward(self, images: Tensor) -> Tensor:
        height, width = ((side - self.kernel) // 2 + 1 for side in images.shape[-2:])
        odd = self.kernel % 2
        folded_kernel = (self.kernel + odd) // 2
        rows, columns = 2 * (height + folded_kernel - 1), 2 * (width + folded_kernel - 1)
        images = F.pad(images, (0, columns - images.shape[-1], 0, rows - images.shape[-2]))
        weight = F.pixel_unshuffle(F.pad(self.weight, (0, odd, 0, odd)), 2)
        folded = F.pixel_unshuffle(images, 2).contiguous(memory_format=torch.channels_last)
        return F.conv2d(folded, weight.contiguous(memory_format=torch.channels_last), self.bias)


class DepthwiseSeparableConv2d(nn.Module):
    """The large kernel of FixCaps-DS: depthwise over the input channels, then pointwise, each with batch norm."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(in_channels, in_channels, kernel, stride=2, groups=in_channels, bias=False)
        self.depthwise_norm = nn.BatchNorm2d(in_channels)
        self.pointwise = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        self.pointwise_norm = nn.BatchNorm2d(out_channels)

    def forward(self, images: Tensor) -> Tensor:
        return cast(Tensor, self.pointwise_norm(self.pointwise(self.depthwise_norm(self.depthwise(images)))))


class CBAM(nn.Module):
    """Channel, then spatial attention (Woo et al., "CBAM", ECCV 2018), in the form that FixCaps uses.

    Input and output B x C x H x W.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(channels, channels, 1, bias=False), nn.BatchNorm2d(channels), nn.Hardswish()
        )
        self.channel = nn.Sequential(
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 1, bias=False),
        )
        self.spatial = nn.Conv2d(2, 1, 3, padding=1, bias=False)

    def forward(self, maps: Tensor) -> Tensor:
        maps = self.stem(maps)
        average, peak = maps.mean((2, 3), keepdim=True), maps.amax((2, 3), keepdim=True)
        maps = maps * torch.sigmoid(self.channel(average) + self.channel(peak))
        summary = torch.cat([maps.mean(1, keepdim=True), maps.amax(1, keepdim=True)], dim=1)
        return maps * torch.sigmoid(self.spatial(summary))


class PrimaryCapsules(nn.Module):
    """Eight grouped 9 x 9 convolutions of stride 2, read as capsules of eight dimensions.

    One convolution with eight times the output channels computes all eight units at once.
    Input B x 128 x 20 x 20, output B x 576 x 8, squashed.
    """

    UNITS = 8
    GROUPS = 16

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, self.UNITS * self.GROUPS, WINDOW, stride=2, groups=self.GROUPS, bias=False)

    def forward(self, maps: Tensor) -> Tensor:
        return squash(self._units(maps))

    def trace(self, maps: Tensor, weights: Tensor) -> Tensor:
        """Distribute weighted sums of the capsules over the cells from which they were computed.

        With a fixed squash factor, a capsule is linear in the map, so the shares add up to the sum exactly.

        Args:
            maps: B x 128 x 20 x 20, the input.
            weights: B x C x 576 x 8, of the capsules in C sums.

        Returns:
            B x C x 20 x 20.
        """
        weights = weights * shrinkage(self._units(maps))[:, None]
        grids = weights.unflatten(2, (self.GROUPS, GRID, GRID)).permute(0, 1, 2, 5, 3, 4).flatten(2, 3)
        # The capsules have a stride of two cells, so they do not read the last row and column.
        cells = F.conv_transpose2d(
            grids.flatten(0, 1), self.conv.weight, stride=2, output_padding=1, groups=self.GROUPS
        )
        return cast(Tensor, (cells.unflatten(0, (-1, weights.shape[1])) * maps[:, None]).sum(2))

    def _units(self, maps: Tensor) -> Tensor:
        units: Tensor = self.conv(maps)
        return cast(Tensor, units.unflatten(1, (self.GROUPS, self.UNITS)).permute(0, 1, 3, 4, 2).flatten(1, 3).float())


class DigitCapsules(nn.Module):
    """One capsule for each class, computed by dynamic routing for each photo separately.

    Input B x ``inputs`` x 8, output B x ``classes`` x 16.
    """

    def __init__(self, inputs: int, classes: int, in_dim: int = 8, out_dim: int = 16, rounds: int = 3) -> None:
        super().__init__()
        self.rounds = rounds
        self.weight = nn.Parameter(torch.randn(inputs, in_dim, classes * out_dim) * 0.1)
        self.classes = classes

    def forward(self, capsules: Tensor) -> Tensor:
        couplings, votes = self._route(capsules)
        return squash(torch.einsum("bic,bicd->bcd", couplings, votes))

    def pull(self, capsules: Tensor) -> tuple[Tensor, Tensor]:
        """How much each dimension of each input capsule adds to a class, for attribution.

        A class capsule's input s_j is the weighted sum of the votes (Sabour et al., 2017, equation 2), and each vote is
        linear in its capsule. So the products of capsules and weights sum to the length of s_j exactly.

        Returns:
            The class capsules, as in ``forward``, and the weights, B x ``classes`` x ``inputs`` x 8.
        """
        couplings, votes = self._route(capsules)
        sums = torch.einsum("bic,bicd->bcd", couplings, votes)
        weight = self.weight.unflatten(2, (self.classes, -1))
        pulls = torch.einsum("ikcd,bcd->bcik", weight, F.normalize(sums, dim=2))
        return squash(sums), pulls * couplings.movedim(2, 1).unsqueeze(3)

    def _route(self, capsules: Tensor) -> tuple[Tensor, Tensor]:
        """The couplings c_ij (B x ``inputs`` x ``classes``) and the votes u_ij (B x ``inputs`` x ``classes`` x 16)."""
        votes = torch.matmul(capsules.transpose(0, 1), self.weight).transpose(0, 1)
        votes = votes.unflatten(2, (self.classes, -1))
        settled = votes.detach()  # only the last round has a gradient, as in the original
        logits = settled.new_zeros(settled.shape[:3])
        for _ in range(self.rounds - 1):
            outputs = squash(torch.einsum("bic,bicd->bcd", logits.softmax(dim=2), settled))
            logits = logits + (settled * outputs[:, None]).sum(3)
        return logits.softmax(dim=2), votes


class FixCaps(nn.Module):
    """The FixCaps classifier.

    Args:
        size: side of the square input in pixels.
        kernel: side of the large convolution's kernel; the paper tries 18 to 33 and keeps 31 at 299 px.
        separable: True gives FixCaps-DS.

    Raises:
        ValueError: the input is too small for the kernel to leave a map of at least 20 x 20.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, size: int = 299, kernel: int = 31, separable: bool = False) -> None:
        super().__init__()
        if (size - kernel) // 2 + 1 < POOLED:
            raise ValueError(f"an input of {size} px leaves less than {POOLED} cells behind a {kernel} px kernel")
        self.size, self.kernel = size, kernel
        stem = DepthwiseSeparableConv2d if separable else FoldedConv2d
        self.stem = stem(3, CHANNELS, kernel)
        self.attention = CBAM(CHANNELS)
        self.primary = PrimaryCapsules(CHANNELS)
        self.digits = DigitCapsules(PrimaryCapsules.GROUPS * GRID**2, len(CLASSES))
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Score photos.

        Args:
            images: B x 3 x ``size`` x ``size``, RGB, float in [0, 1], not normalised.

        Returns:
            B x 8 capsule lengths in [0, 1), in the order of ``CLASSES``; scores, not probabilities.
        """
        capsules = self.primary(self._features(images))
        with torch.autocast(images.device.type, enabled=False):  # routing needs small differences
            return _lengths(self.digits(capsules))

    def attribution(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Score photos, and return which parts of them supported each class.

        The routing's weights say how much each primary capsule adds to each class. One capsule reads nearly half a
        photo. So its share is traced back through one more linear layer, to the feature map.

        Args:
            images: as in ``forward``.

        Returns:
            The lengths, as in ``forward``, and B x 8 x G x G square cells that tile the photos. G is 20 plus a border
            that only the corners of the large kernel read. The cells of a class sum to |s|, the length of its capsule
            before squashing; ``length`` is |s|^2 / (1 + |s|^2).
        """
        maps = self._features(images)
        digits, weights = self.digits.pull(self.primary(maps))
        cells = self.primary.trace(maps, weights)
        side = (self.size - self.kernel) // 2 + 1  # of the feature map before pooling
        frame = round((self.kernel / 2 - 1) / (2 * side / POOLED))
        return _lengths(digits), F.pad(cells, (frame,) * 4)

    def _features(self, images: Tensor) -> Tensor:
        """The feature map that the primary capsules read, B x 128 x 20 x 20."""
        maps = F.relu(self.stem((images - self.mean) / self.std))
        return cast(Tensor, self.attention(F.adaptive_max_pool2d(maps, POOLED)))

    def log_odds(self, lengths: Tensor) -> Tensor:
        """Lengths as scores for a softmax; see ``inference.pipeline.calibration``."""
        return torch.logit(lengths.float(), eps=1e-4)

    def loss(self, lengths: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
        return margin_loss(lengths, labels)


def _lengths(capsules: Tensor) -> Tensor:
    return torch.sqrt(capsules.square().sum(2))


def margin_loss(lengths: Tensor, labels: Tensor) -> Tensor:
    """Margin loss (Sabour et al., 2017, equation 4): m+ 0.9, m- 0.1, lambda 0.5; mean over the batch.

    Args:
        lengths: B x C capsule lengths.
        labels: B class indices.
    """
    target = F.one_hot(labels, lengths.shape[1]).to(lengths.dtype)
    present = F.relu(0.9 - lengths).square()
    absent = F.relu(lengths - 0.1).square()
    return (target * present + 0.5 * (1.0 - target) * absent).sum(1).mean()
