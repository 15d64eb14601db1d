"""Ways to compute FixCaps' large convolution of stride 2, in the size of the paper and in the served size."""

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.networks.fixcaps import CHANNELS, FoldedConv2d


class FourierConv2d:
    """The same sum by the convolution theorem, on an input folded as in ``FoldedConv2d``, so the stride costs nothing.

    The kernel's transform is computed once, so it works for one size of input and cannot train.
    """

    def __init__(self, convolution: FoldedConv2d, side: int) -> None:
        kernel, odd = convolution.kernel, convolution.kernel % 2
        self._side = (side - kernel) // 2 + 1
        self._length = self._side + (kernel + odd) // 2 - 1
        self._pad = 2 * self._length - side
        weight = F.pixel_unshuffle(F.pad(convolution.weight.detach(), (0, odd, 0, odd)), 2)
        spectrum = torch.fft.rfft2(weight, (self._length, self._length)).conj()
        self._spectrum = spectrum.permute(2, 3, 0, 1).flatten(0, 1).contiguous()  # frequencies x out x in
        self._bias = convolution.bias.detach()[:, None, None]

    def __call__(self, images: Tensor) -> Tensor:
        folded = F.pixel_unshuffle(F.pad(images, (0, self._pad, 0, self._pad)), 2)
        given = torch.fft.rfft2(folded)  # B x in x L x L/2+1
        rows, columns = given.shape[2:]
        product = torch.matmul(self._spectrum, given.permute(2, 3, 1, 0).flatten(0, 1))
        maps = product.unflatten(0, (rows, columns)).permute(3, 2, 0, 1)
        found: Tensor = torch.fft.irfft2(maps, (self._length, self._length))[:, :, : self._side, : self._side]
        return found + self._bias


def ways(kernel: int, side: int) -> tuple[Tensor, Mapping[str, Callable[[Tensor], Tensor]]]:
    """A photo, 1 x 3 x side x side, and functions that all compute its convolution with one random kernel."""
    torch.manual_seed(0)
    folded = FoldedConv2d(3, CHANNELS, kernel)
    plain = nn.Conv2d(3, CHANNELS, kernel, stride=2)
    plain.load_state_dict(folded.state_dict())
    found: dict[str, Callable[[Tensor], Tensor]] = {
        "torch's own": plain,
        "folded to stride 1": folded,
        "Fourier transform": FourierConv2d(folded, side),
    }
    return torch.rand(1, 3, side, side), found
