"""The pictures of a training, and the parts of a classifier that learn."""

from pathlib import Path

import pytest
import torch
from torch import Generator, nn

from inference.classes import CLASSES
from models.errors import TrainingError
from models.networks.classifier import Logits
from models.networks.efficientnet import FROZEN, Pretrained, lite
from models.networks.fixcaps import FixCaps
from models.networks.zoo import Name
from models.training.classification import Classification, ClassifierConfig, recipe_for
from tests.models import drawn_ham, drawn_sets

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_ham.packed(tmp_path_factory.mktemp("data") / "ham", {"train": 14, "val": 7})


def task(data: Path, mixup: float) -> Classification:
    return Classification([data], ClassifierConfig(size=64, kernel=18, mixup=mixup), recipe_for("fixcaps"))


class Watched(nn.Module):
    """A classifier that records its inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[torch.Tensor] = []
        self.asked: list[torch.Tensor] = []

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.seen.append(images)
        return torch.zeros(len(images), len(CLASSES))

    def loss(self, _: torch.Tensor, labels: torch.Tensor, smoothing: float) -> torch.Tensor:
        self.asked.append(labels)
        return labels.double().mean()


def test_mixup_blends_two_pictures_and_asks_for_both_labels(data: Path) -> None:
    blended, rows, network = task(data, mixup=1.0), torch.arange(7), Watched()
    loss = blended.loss(network, rows, Generator().manual_seed(3), CPU)
    chance = Generator().manual_seed(3)
    share, others = blended._blend(7, chance)
    assert 0.5 <= share < 1 and not torch.equal(others, rows)
    plain = blended.pictures(rows, chance, blended.config, 0.0)
    torch.testing.assert_close(network.seen[0], share * plain + (1 - share) * plain[others])
    first, second = blended.labels[rows], blended.labels[rows[others]]
    assert torch.equal(network.asked[0], first) and torch.equal(network.asked[1], second)
    assert loss == pytest.approx(share * first.double().mean() + (1 - share) * second.double().mean())


def test_without_mixup_every_picture_is_its_own(data: Path) -> None:
    plain, rows, network = task(data, mixup=0.0), torch.arange(7), Watched()
    plain.loss(network, rows, Generator().manual_seed(3), CPU)
    expected = plain.pictures(rows, Generator().manual_seed(3), plain.config, 0.0)
    assert torch.equal(network.seen[0], expected)
    assert len(network.asked) == 1


def test_a_cpu_alone_leaves_the_first_blocks_of_a_pretrained_network(data: Path) -> None:
    name: Name = "efficientnet-lite0"
    pretrained = Classification([data], ClassifierConfig(name, size=64), recipe_for(name))
    assert all(value.requires_grad for value in pretrained.network(torch.device("cuda")).parameters())
    network = pretrained.network(CPU)
    network(torch.rand(2, 3, 64, 64)).sum().backward()
    learnt = {name.split(".", 1)[1] for name, value in network.named_parameters() if value.grad is not None}
    frozen = {name.split(".", 1)[1] for name, value in network.named_parameters() if value.grad is None}
    assert {name for name in frozen if name.startswith("blocks")} == {
        name for name in learnt | frozen if name.startswith(tuple(f"blocks.{number}." for number in range(FROZEN)))
    }
    assert "conv_stem.weight" in frozen and "classifier.weight" in learnt and "conv_head.weight" in learnt


def test_depthwise_convolutions_stay_in_full_precision_amid_bfloat16() -> None:
    network = Pretrained(lite(0, pretrained=False)).eval()
    depthwise = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d) and layer.groups > 1]
    assert len(depthwise) == 16
    images = torch.rand(1, depthwise[0].in_channels, 32, 32)
    exact = depthwise[0](images)
    with torch.autocast("cpu", torch.bfloat16), torch.inference_mode():
        rounded = depthwise[0](images.bfloat16())
        assert network(torch.rand(1, 3, 64, 64)).dtype == torch.bfloat16
    assert rounded.dtype == torch.bfloat16
    with torch.inference_mode():
        assert torch.equal(rounded, depthwise[0](images.bfloat16().float()).bfloat16())
    assert exact.dtype == torch.float32


def test_labels_of_logits_are_smoothed_and_those_of_capsules_are_not() -> None:
    outputs, labels = torch.tensor([[4.0, 0.0, 0.0]]), torch.tensor([0])
    assert Logits().loss(outputs, labels, 0.1) > Logits().loss(outputs, labels)
    capsules, lengths = FixCaps(64, 18), torch.tensor([[0.5, 0.1, 0.2]])
    assert capsules.loss(lengths, labels, 0.1) == capsules.loss(lengths, labels)


def test_one_set_is_drawn_in_full_and_several_by_their_shares(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = {"ham10000": 5, "milk10k-dermatoscope": 3, "milk10k-camera": 4, "pad": 2}
    monkeypatch.setattr("models.training.classification.DRAWS", shares)
    assert len(task(data, mixup=0.0).order(Generator())) == 14
    roots = drawn_sets.all_sets(tmp_path / "sets", {"train": 9, "val": 9})
    several = Classification(roots, ClassifierConfig(size=64, view="whole"), recipe_for("fixcaps"))
    order = several.order(Generator()).tolist()
    assert {source: sum(row in rows for row in order) for source, rows in several.sources.items()} == shares


def test_a_share_of_corruptions_that_is_none_is_refused() -> None:
    for share in (60, -0.1, float("nan")):
        with pytest.raises(TrainingError, match="no share from 0 to 1"):
            ClassifierConfig(corrupt=share)
