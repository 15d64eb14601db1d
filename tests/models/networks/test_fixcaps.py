"""The network's answer depends only on the photo, not on its batch or on chance."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from inference.classes import CLASSES
from models.networks.fixcaps import DigitCapsules, FixCaps, FoldedConv2d, margin_loss, squash

VARIANTS = [
    pytest.param({"size": 72, "kernel": 31}, id="31x31"),
    pytest.param({"size": 64, "kernel": 18}, id="18x18"),
    pytest.param({"size": 72, "kernel": 31, "separable": True}, id="ds"),
]


def network(arguments: dict[str, int]) -> FixCaps:
    torch.manual_seed(0)
    built = FixCaps(**arguments)
    for layer in built.modules():  # statistics that a training would leave, so that the norms do something
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.running_mean, -0.2, 0.2)
            nn.init.uniform_(layer.running_var, 0.5, 2.0)
    built.primary.conv.weight.data *= 30  # as long as trained capsules, or all lengths would be next to nothing
    return built.eval()


@pytest.mark.parametrize("arguments", VARIANTS)
def test_same_photo_has_same_scores_alone_in_any_batch_shuffled_and_again(arguments: dict[str, int]) -> None:
    net = network(arguments)
    photos = torch.rand(12, 3, net.size, net.size)
    with torch.inference_mode():
        alone = torch.cat([net(photo[None]) for photo in photos])
        order = torch.randperm(12)
        shuffled = torch.empty_like(alone)
        shuffled[order] = net(photos[order])
        for found in (net(photos), shuffled, torch.cat([net(photos[:5]), net(photos[5:])]), net(photos)):
            assert (found - alone).abs().max() < 1e-5
    assert alone.std(0).max() > 1e-4, "different photos have different scores, or the test would show nothing"


@pytest.mark.parametrize("kernel", [18, 31])
@pytest.mark.parametrize("side", [64, 65])
def test_folded_convolution_is_the_plain_convolution(kernel: int, side: int) -> None:
    layer = FoldedConv2d(3, 16, kernel)
    images = torch.randn(2, 3, side, side + 7)
    plain = F.conv2d(images, layer.weight, layer.bias, stride=2)
    torch.testing.assert_close(layer(images), plain, atol=1e-4, rtol=1e-5)


def test_full_network_has_the_capsules_of_the_paper() -> None:
    net = FixCaps()
    maps = torch.zeros(1, 128, 20, 20)
    assert net.primary(maps).shape == (1, 576, 8)
    assert net.stem(torch.zeros(1, 3, 299, 299)).shape == (1, 128, 135, 135)
    assert net.digits(torch.zeros(1, 576, 8)).shape == (1, len(CLASSES), 16)


def test_separable_stem_is_many_times_lighter() -> None:
    def size(net: nn.Module) -> int:
        return sum(value.numel() for value in net.parameters())

    assert size(FixCaps(separable=True).stem) * 50 < size(FixCaps().stem)


def test_input_too_small_for_the_kernel_is_refused() -> None:
    with pytest.raises(ValueError, match="40 px leaves less than 20"):
        FixCaps(40, 31)


def test_squash_keeps_direction_and_bounds_length() -> None:
    vectors = torch.randn(5, 8) * 10
    short = squash(vectors)
    assert (short.norm(dim=1) < 1).all()
    torch.testing.assert_close(F.cosine_similarity(vectors, short), torch.ones(5))
    torch.testing.assert_close(squash(torch.tensor([[3.0, 4.0]])).norm(), torch.tensor(25 / 26))


def test_routing_sends_votes_to_the_class_that_they_agree_on() -> None:
    layer = DigitCapsules(inputs=10, classes=2, in_dim=2, out_dim=2)
    even = DigitCapsules(inputs=10, classes=2, in_dim=2, out_dim=2, rounds=1)
    weight = torch.zeros(10, 2, 4)
    weight[:, 0, 0] = 0.5  # all agree on the first class
    weight[::2, 0, 2], weight[1::2, 0, 2] = 0.5, -0.5  # and contradict each other on the second
    layer.weight.data = even.weight.data = weight
    capsules = torch.tensor([[[1.0, 0.0]] * 10])
    agreed, other = layer(capsules).norm(dim=2)[0]
    assert other < 1e-3
    assert agreed > even(capsules).norm(dim=2)[0, 0] + 0.005, "later rounds strengthen the agreement"


def test_margin_loss_is_equation_4() -> None:
    lengths = torch.tensor([[0.95, 0.05, 0.3], [0.5, 0.1, 0.2]])
    labels = torch.tensor([0, 2])
    expected = (0.5 * 0.2**2 + (0.7**2 + 0.5 * 0.4**2)) / 2
    assert margin_loss(lengths, labels).item() == pytest.approx(expected, abs=1e-6)
