"""What the compared networks do: pretrained weights or a clear error, LoRA, CLIP's prompts, FixCaps as published."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

# isort: off
import models.networks.torchvision_env  # noqa: F401  # before timm and open_clip, which import torchvision
import open_clip
import timm

# isort: on
import numpy as np
import pytest
import torch
from huggingface_hub import constants
from open_clip.pretrained import list_pretrained
from rich.console import Console

from inference.classes import CLASSES
from models.__main__ import main
from models.comparison import rows, scoring, zero_shot
from models.comparison.bench import Bench, Reader
from models.networks import hub, others, zoo
from models.networks.fixcaps import FixCaps
from models.networks.fixcaps_published import PublishedDigitCapsules, PublishedFixCaps
from tests.models import drawn_ham, tiny_networks

VIT, DINO = "test_vit.r160_in1k", "tiny_dinov2.random"


@pytest.fixture(autouse=True)
def tiny_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tiny_networks.empty_hub(tmp_path, monkeypatch)
    return tmp_path


@pytest.fixture
def endpoint() -> Iterator[str]:
    """A hub on this machine that answers and has nothing."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        server.RequestHandlerClass.log_message = lambda *_: None  # type: ignore[method-assign]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_hub_that_cannot_be_reached_is_asked_once_and_its_cache_is_read(
    tiny_hub: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(hub.WeightsUnavailable, match=f"weights not available here: {VIT}"):
        others.timm_network(VIT, 64, 7)
    assert constants.HF_HUB_OFFLINE, "each file would be asked for six times"
    assert caplog.records == []
    tiny_networks.fill_hub(tiny_hub)
    others.timm_network(VIT, 64, 7)


def test_a_hub_that_answers_is_not_cut_off(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    with hub.loading("nothing"):
        pass
    assert not constants.HF_HUB_OFFLINE


def test_training_without_its_weights_is_an_error_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = drawn_ham.packed(tmp_path / "ham", {"train": 7, "val": 7})
    monkeypatch.setitem(others.ARCHITECTURES, "vit-b16", VIT)
    assert main(["train", "vit-b16", "--data", str(data), "--size", "64", "--out", str(tmp_path / "run")]) == 1
    assert capsys.readouterr().err == f"error: weights not available here: {VIT}\n"


def test_every_row_names_weights_that_its_library_knows() -> None:
    for row in rows.ROWS:
        named = row.make.keywords  # type: ignore[attr-defined]  # a partial
        if "weights" in named:
            assert (named["model"], named["weights"]) in list_pretrained()
    architectures = [row.make.keywords.get("architecture") for row in rows.ROWS]  # type: ignore[attr-defined]
    for architecture in {*others.ARCHITECTURES.values(), *filter(None, architectures)}:
        config = timm.get_pretrained_cfg(architecture)
        assert config is not None and config.hf_hub_id, architecture


def test_photos_are_normalised_as_the_weights_were_trained() -> None:
    network = others.Normalised(torch.nn.Identity(), (0.5, 0.4, 0.3), (0.25, 0.2, 0.1))
    assert torch.allclose(network(torch.full((1, 3, 2, 2), 0.6))[0, :, 0, 0], torch.tensor([0.4, 1.0, 3.0]))


@pytest.mark.parametrize("name", ["dinov2-lora", "dinov2-small-lora"])
def test_low_rank_changes_leave_the_network_as_it_is_but_for_head_and_attention(
    name: zoo.Name, tiny_hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_networks.fill_hub(tiny_hub)
    monkeypatch.setitem(others.ARCHITECTURES, name, DINO)
    network = others.build(name, 70, pretrained=True)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    images, labels = torch.rand(4, 3, 70, 70), torch.tensor([0, 1, 2, 3])
    optimizer = torch.optim.SGD([value for value in network.parameters() if value.requires_grad], lr=1.0)
    network.loss(network(images), labels).backward()  # type: ignore[operator]
    optimizer.step()
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed and all("lora_" in name or "modules_to_save" in name for name in changed)
    assert any("lora_B" in name for name in changed) and any("head" in name for name in changed)


def test_a_photo_is_scored_against_the_prompts_as_clip_itself_does(
    tiny_hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_networks.fill_hub(tiny_hub)
    monkeypatch.setattr(zero_shot, "TEMPLATES", ("a photo of {}.",))
    console = Console(stderr=True)
    bench = Bench((), tiny_hub, tiny_hub, None, torch.device("cpu"), console)
    reader = zero_shot.reader(bench, "clip", tiny_networks.CLIP, "random")
    photos = torch.randint(0, 256, (3, 32, 32, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    clip, _, prepare = open_clip.create_model_and_transforms(tiny_networks.CLIP, pretrained="random")
    normalise = prepare.transforms[-1]
    texts = open_clip.get_tokenizer(tiny_networks.CLIP)([f"a photo of {zero_shot.NAMES[name]}." for name in CLASSES])
    with torch.inference_mode():
        seen, said, scale = clip.eval()(normalise(photos.permute(0, 3, 1, 2).float() / 255), texts)
    assert torch.allclose(reader(photos), scale * seen @ said.T, atol=1e-4)


def test_every_prompt_differs_and_fits_into_clip() -> None:
    prompts = [template.format(zero_shot.NAMES[name]) for name in CLASSES for template in zero_shot.TEMPLATES]
    assert len(set(prompts)) == len(CLASSES) * len(zero_shot.TEMPLATES)
    tokens = open_clip.get_tokenizer(tiny_networks.CLIP)(prompts)
    assert (tokens[:, -1] == 0).all(), "a prompt is cut off"


def test_published_routing_follows_its_formula() -> None:
    torch.manual_seed(1)
    digits = PublishedDigitCapsules(5, 7).double()
    capsules = torch.rand(3, 5, 8, dtype=torch.double)
    votes = torch.stack([torch.stack([capsules[b, i] @ digits.weight[i] for i in range(5)]) for b in range(3)])
    votes = votes.reshape(3, 5, 7, 16).detach().numpy()
    logits = np.zeros((5, 7))
    for turn in range(3):
        couplings = np.exp(logits) / np.exp(logits).sum(0)
        outputs = np.zeros((3, 7, 16))
        for photo in range(3):
            sums = sum(couplings[i][:, None] * votes[photo, i] for i in range(5))
            norm = np.sqrt((sums**2).sum(0))  # over the classes
            outputs[photo] = sums * norm / (1 + norm**2)
        if turn < 2:
            logits += np.mean([[(votes[b, i] * outputs[b]).sum(1) for i in range(5)] for b in range(3)], axis=0)
    assert np.allclose(digits(capsules).detach().numpy(), outputs)


@pytest.mark.parametrize(("kind", "alike"), [(FixCaps, True), (PublishedFixCaps, False)])
def test_others_in_a_batch_sway_the_published_network_and_not_ours(kind: type[FixCaps], alike: bool) -> None:
    torch.manual_seed(1)
    network = kind(64, 18).eval()
    reader = Reader(network, network.log_odds, 64, "")
    photos = torch.randint(0, 256, (14, 64, 64, 3), dtype=torch.uint8)
    labels = np.arange(14) % 7
    answers = [scoring.ask(reader, photos, labels, asked, Console(stderr=True)) for asked in ("alone", "sorted")]
    assert torch.allclose(*answers, rtol=1e-3, atol=1e-7) is alike
    assert torch.equal(reader(photos[:1]), reader(photos[:1])) is alike, "pooling draws new regions at every pass"
