"""The pool as tasks of Label Studio: `images/ID.jpg`, `tasks.json` to import, and `config.xml` for the project."""

import json
from collections.abc import Iterable
from typing import Any, Final

from bot.learning.folder import Mirror
from bot.learning.words import LABELS, Labelled
from storage.training_pool import PoolPhoto

PARTS: Final = ("images", "tasks.json", "config.xml")
# Label Studio's address for files of a folder on its own machine.
LOCAL_FILES: Final = "/data/local-files/?d="


class LabelStudio:
    """All photos of the pool as tasks, without the bot's answers and others' labels."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._tasks: list[dict[str, Any]] = []

    def add(self, photo: PoolPhoto) -> bool:
        """Add a photo. Blocking."""
        name = f"images/{photo.request_id}.jpg"
        self._mirror.write(name, photo.picture)
        self._tasks.append({"data": {"image": f"{LOCAL_FILES}{name}"}})
        return True

    def close(self) -> None:
        """Write tasks and configuration. Blocking."""
        choices = "".join(f'    <Choice value="{name}"/>\n' for name in LABELS)
        config = (
            f'<View>\n  <Image name="image" value="$image" zoom="true"/>\n  <Polygon name="outline" toName="image"/>\n'
            f'  <Choices name="label" toName="image" choice="single">\n{choices}  </Choices>\n</View>\n'
        )
        self._mirror.write("tasks.json", json.dumps(self._tasks, indent=1).encode())
        self._mirror.write("config.xml", config.encode())


def labels_of(tasks: list[dict[str, Any]]) -> Iterable[Labelled]:
    """The labels, with outlines drawn as polygons, from Label Studio's JSON export.

    Raises:
        KeyError, TypeError: it is no such export.
    """
    found = []
    for task in tasks:
        for annotation in task["annotations"]:
            if annotation.get("was_cancelled"):
                continue
            who = annotation.get("completed_by", "")
            # Depending on the version: a name, a number, or a person with both.
            name = who.get("email") or who.get("id") if isinstance(who, dict) else who
            outline = tuple(
                # Label Studio's points are percentages.
                tuple((x / 100, y / 100) for x, y in result["value"]["points"])
                for result in annotation["result"]
                if result["type"] in ("polygon", "polygonlabels")
            )
            for result in annotation["result"]:
                if result["type"] == "choices" and len(result["value"]["choices"]) == 1:
                    found.append(Labelled(task["data"]["image"], result["value"]["choices"][0], str(name), outline))
    return found
