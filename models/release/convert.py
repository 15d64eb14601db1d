"""Rewrites released network files if the form of the files has changed."""

from __future__ import annotations

from pathlib import Path

from inference.registry.file import RegistryFile
from inference.registry.schema import FileEntry
from models.networks import zoo
from models.networks.segmenter import load_segmenter
from models.release import onnx
from models.release.cards import write_card
from models.release.files import store


def convert_again(weights: Path) -> None:
    """Rewrite the files of all networks from their own weights, and write the new hashes into registry and cards.

    The weights stay the same. Use it after a change of ``inference.registry.tensors``.
    """
    release = RegistryFile.load(weights)
    found: dict[str, FileEntry] = {}
    for segmenter in release.segmenters:
        network = load_segmenter(weights / segmenter.served.file, segmenter.network)
        content = onnx.convert_segmenter(network, segmenter.input.frame)
        found[segmenter.served.file] = store(content, weights / segmenter.served.file)
    for member in {member.served.file: member for entry in release.classifiers for member in entry.members}.values():
        classifier = zoo.load(weights / member.served.file, member.network, member.input.size, member.kernel)
        content = onnx.convert(classifier, member.input.size)
        found[member.served.file] = store(content, weights / member.served.file)
    converted = release.replace(
        *(
            entry.with_changes(
                members=[member.model_copy(update={"served": found[member.served.file]}) for member in entry.members]
            )
            for entry in release.classifiers
        ),
        *(entry.with_changes(served=found[entry.served.file]) for entry in release.segmenters),
        *(entry.with_changes(backbone=found.get(entry.backbone.file, entry.backbone)) for entry in release.gates),
    )
    converted.save(weights)
    for entry in converted.classifiers:
        write_card(entry, weights)
    write_card(converted.served_segmenter, weights)
    write_card(converted.served_gate, weights)
