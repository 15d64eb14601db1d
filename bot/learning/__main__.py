"""Exports the training pool and imports labels, with the settings of the bot. The bot may be running.

python -m bot.learning export [--format imagefolder|coco|labelstudio] DIR
python -m bot.learning import FILE --by NAME
"""

import argparse
import asyncio
import sys
from pathlib import Path

from bot.errors import StartupError
from bot.learning.transfer import Form, NotImportable, export, read_labels, take
from bot.settings import load_settings
from bot.startup import open_beside
from storage.audit import COMMAND_LINE, Action
from storage.errors import StorageError


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0, or 2 with one line that says what to change."""
    options = _parser().parse_args(arguments)
    try:
        print(asyncio.run(_export(options) if options.command == "export" else _import(options)))
    except (StartupError, StorageError, NotImportable) as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


async def _export(options: argparse.Namespace) -> str:
    async with open_beside(load_settings()) as database:
        done = await export(database, options.folder, Form(options.format))
        await database.staff.log(COMMAND_LINE, Action.POOL_EXPORT, f"{options.format} {done.photos}")
    return f"photos written: {done.photos}; files removed, as they are not in the pool any more: {done.removed}"


async def _import(options: argparse.Namespace) -> str:
    labels = await asyncio.to_thread(read_labels, options.file)
    async with open_beside(load_settings()) as database:
        done = await take(database, labels, options.by)
        await database.staff.log(COMMAND_LINE, Action.POOL_IMPORT, str(done.taken))
    return f"labels taken: {done.taken}; of photos that are not in the pool any more: {done.gone}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bot.learning", description="Photos that people gave for training: out, and their labels in."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    out = commands.add_parser("export", help="make a folder equal to the pool as it is now")
    out.add_argument("folder", type=Path, metavar="DIR", help="a copy of people's data: take care who can read it")
    out.add_argument("--format", choices=[each.value for each in Form], default=Form.IMAGEFOLDER.value)
    back = commands.add_parser("import", help="take labels from outside")
    back.add_argument("file", type=Path, help="labels.csv, a folder LABEL/ID.jpg, a COCO file, or Label Studio's JSON")
    back.add_argument("--by", required=True, metavar="NAME", help="who labelled; replaces their earlier labels")
    return parser


if __name__ == "__main__":
    sys.exit(main())
