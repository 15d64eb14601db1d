"""Evidence adds up to what the network answers, and lies where the network saw it."""

import pytest
import torch
from torch import Tensor, nn

from inference.classes import CLASSES
from models.networks.efficientnet import Pretrained, lite
from models.networks.fixcaps import PrimaryCapsules
from models.networks.zoo import Name, build

SIZE = 64


def network(name: Name) -> nn.Module:
    torch.manual_seed(0)
    built = build(name, SIZE, 18) if name.startswith("fixcaps") else Pretrained(lite(0, pretrained=False))
    for layer in built.modules():  # statistics that a training would leave, so that the norms do something
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.running_mean, -0.2, 0.2)
            nn.init.uniform_(layer.running_var, 0.5, 2.0)
    if not isinstance(built, Pretrained):
        built.primary.conv.weight.data *= 30  # as long as trained capsules
    return built.eval()


def sums(net: nn.Module, outputs: Tensor) -> Tensor:
    """What the cells of each class must sum to."""
    if isinstance(net, Pretrained):
        return outputs - net.network.get_classifier().bias
    return (outputs / (1 - outputs)).sqrt()  # length before squashing


@pytest.mark.parametrize("name", ["fixcaps", "fixcaps-ds", "efficientnet-lite0"])
def test_cells_sum_to_the_answer_for_each_photo_alone(name: Name) -> None:
    net = network(name)
    photos = torch.rand(4, 3, SIZE, SIZE)
    with torch.inference_mode():
        outputs, cells = net.attribution(photos)
        assert cells.shape[:2] == (4, len(CLASSES)) and cells.shape[2] == cells.shape[3] > 1
        torch.testing.assert_close(outputs, net(photos), atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(cells.sum((2, 3)), sums(net, outputs), atol=1e-4, rtol=1e-4)
        alone = torch.cat([net.attribution(photo[None])[1] for photo in photos])
    torch.testing.assert_close(cells, alone, atol=1e-5, rtol=1e-4)
    assert cells.std((2, 3)).min() > 1e-5, "some cells say more than others, or the map would show nothing"


def test_a_capsule_is_traced_to_the_very_cells_that_it_read() -> None:
    torch.manual_seed(0)
    layer = PrimaryCapsules(128)
    maps = torch.zeros(1, 128, 20, 20)
    maps[0, :, 3, 11] = torch.rand(128)
    weights = torch.randn(1, 2, 576, 8)
    with torch.inference_mode():
        cells = layer.trace(maps, weights)
        expected = torch.einsum("bik,bcik->bc", layer(maps), weights)
    torch.testing.assert_close(cells[:, :, 3, 11], expected)
    assert cells.count_nonzero() == 2


def test_cells_tile_the_photo_behind_a_kernel_without_padding() -> None:
    net = network("fixcaps")
    net.attention = nn.Identity()  # attention looks everywhere; without it only what holds the mark is not nought
    nn.init.constant_(net.stem.weight, 0.01)
    photo = net.mean.repeat(1, 1, SIZE, SIZE)
    photo[..., 42:46, 22:26] = 1.0  # a mark, whose middle is 44 of 64 down and 24 across
    with torch.inference_mode():
        seen = (net.attribution(photo)[1][0] != 0).any(0)
    places = (torch.arange(len(seen)) + 0.5) / len(seen) * SIZE
    for axis, middle in ((1, 44), (0, 24)):
        span = places[seen.any(axis)]
        assert span.mean().item() == pytest.approx(middle, abs=1.5)
        assert (span.max() - span.min()).item() == pytest.approx(18 + 4, abs=3), "as wide as mark and kernel together"
