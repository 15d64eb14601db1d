"""A network also learns what a trained one answers to the same picture."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Generator

from models.__main__ import main
from models.training.classification import Classification, ClassifierConfig, recipe_for
from models.training.distillation import distillation_loss
from tests.models import drawn_ham

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_ham.packed(tmp_path_factory.mktemp("data") / "ham", {"train": 14, "val": 7})


@pytest.fixture(scope="module")
def teacher(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "teacher"
    small = ("--size", "72", "--kernel", "18", "--epochs", "1", "--batch", "7")
    assert main(["train", "fixcaps", "--data", str(data), "--out", str(run), *small]) == 0
    return run


def task(data: Path, *teachers: Path) -> Classification:
    config = ClassifierConfig(size=64, kernel=18, view="whole", teachers=tuple(map(str, teachers)))
    return Classification([data], config, recipe_for("fixcaps"))


def test_the_loss_is_nothing_where_all_agree_and_leads_to_the_teachers_mean() -> None:
    one, two = torch.tensor([[2.0, 0.0, -1.0]]), torch.tensor([[0.0, 2.0, -1.0]])
    assert distillation_loss(one, [one]).item() == pytest.approx(0, abs=1e-6)
    assert distillation_loss(one, [two]) > 0.5
    odds = torch.zeros(1, 3, requires_grad=True)
    optimizer = torch.optim.SGD([odds], lr=1.0)
    for _ in range(200):
        optimizer.zero_grad()
        distillation_loss(odds, [one, two]).backward()
        optimizer.step()
    mean = ((one / 2).softmax(1) + (two / 2).softmax(1)) / 2
    torch.testing.assert_close((odds / 2).softmax(1), mean, atol=1e-3, rtol=0)


def test_the_teacher_sees_the_same_picture_in_its_own_square(data: Path, teacher: Path) -> None:
    taught = task(data, teacher)
    seen: list[torch.Tensor] = []
    taught.teachers[0].network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    rows, chance = torch.arange(4), Generator().manual_seed(5)
    taught.loss(taught.network(CPU), rows, chance, CPU)
    assert [value.shape for value in seen] == [(4, 3, 72, 72)]
    alike = Classification([data], ClassifierConfig(size=72, kernel=18, view="lesion"), taught.recipe)
    expected = alike.pictures(rows, Generator().manual_seed(5), alike.config, 0.0)
    torch.testing.assert_close(seen[0], expected)


def test_the_teacher_sees_the_pictures_of_the_learner_without_their_corruption(data: Path, teacher: Path) -> None:
    taught = Classification([data], replace(task(data, teacher).config, corrupt=1.0), recipe_for("fixcaps"))
    network, rows, seen = taught.network(CPU), torch.arange(7), []
    for part in (network, taught.teachers[0].network):
        part.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    taught.loss(network, rows, Generator().manual_seed(5), CPU)
    for shown, config, corrupt in zip(seen, (taught.config, taught.teachers[0].config), (1.0, 0.0), strict=True):
        torch.testing.assert_close(shown, taught.pictures(rows, Generator().manual_seed(5), config, corrupt))
    plain = taught.pictures(rows, Generator().manual_seed(5), taught.config, 0.0)
    assert seen[0].shape == plain.shape and not torch.equal(seen[0], plain)


def test_teaching_changes_what_is_learnt_but_not_the_teacher(data: Path, teacher: Path) -> None:
    losses = []
    for chosen in ([], [teacher]):
        taught = task(data, *chosen)
        torch.manual_seed(0)
        network = taught.network(CPU)
        loss = taught.loss(network, torch.arange(7), Generator().manual_seed(1), CPU)
        loss.backward()
        losses.append(loss.item())
        assert all(value.grad is None for one in taught.teachers for value in one.network.parameters())
    assert losses[1] > losses[0]


def test_a_teacher_that_was_never_trained_is_one_line(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["train", "fixcaps", "--data", str(data), "--out", str(tmp_path / "run"), "--teachers", str(tmp_path)]
    assert main(arguments) == 1
    assert "no training run is there" in capsys.readouterr().err
