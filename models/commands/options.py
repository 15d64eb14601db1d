"""Types of options, with short names for the help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tyro.conf import arg

Folder = Annotated[Path, arg(metavar="DIR")]
OptionalFolder = Annotated[Path | None, arg(metavar="DIR")]
Folders = Annotated[tuple[Path, ...], arg(metavar="DIRS")]
OptionalFile = Annotated[Path | None, arg(metavar="FILE")]
Limit = Annotated[int | None, arg(metavar="N")]
Paths = Annotated[tuple[Path, ...], arg(metavar="PATHS")]
Version = Annotated[str | None, arg(metavar="X.Y.Z")]
Key = Annotated[str | None, arg(metavar="NAME-VERSION")]
Names = Annotated[tuple[str, ...], arg(metavar="NAMES")]
Number = Annotated[float, arg(metavar="X")]
