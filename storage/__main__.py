"""Commands for the operator: back up, restore and copy a database, and change its key.

python -m storage backup DATABASE FILE
python -m storage restore FILE DATABASE
python -m storage copy FROM-URL TO-URL
python -m storage rotate-key URL --new-key FILE
"""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from storage.backups import backup, restore
from storage.copying import copy
from storage.database import Database
from storage.errors import StorageError
from storage.keys import load_or_create_key
from storage.location import EXAMPLE, locate
from storage.lock import InstanceLock


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0, or 2 with one line that says what to change."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "backup":
            backup(options.database, options.file)
        elif options.command == "restore":
            asyncio.run(_restore(options.file, options.database))
        elif options.command == "copy":
            asyncio.run(_copy(options.source, options.target, _key(options.key)))
        else:
            asyncio.run(_rotate(options.database, _key(options.key), options.new_key))
    except StorageError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


async def _restore(source: Path, database: Path) -> None:
    lock = InstanceLock(database)
    try:
        await lock.acquire()
    except OSError as error:
        raise StorageError(f"cannot restore {database}: {error.strerror}") from error
    try:
        await asyncio.to_thread(restore, source, database)
    finally:
        await lock.release()


async def _copy(source: str, target: str, key: bytes) -> None:
    # Opening updates both to the schema of this program, checks the key, and makes sure that no other process uses
    # them.
    old = await Database.open(source, key)
    try:
        new = await Database.open(target, key)
        try:
            copied = await copy(locate(source)[0], locate(target)[0])
        finally:
            await new.close()
    finally:
        await old.close()
    for each in copied:
        print(f"{each.table:20} {each.rows:>9} rows  sha256 {each.digest[:16]}")


async def _rotate(url: str, old: bytes, new_key: Path) -> None:
    new = load_or_create_key(new_key, None)
    database = await Database.open(url, old, new)
    try:
        rotated = await database.change_key(new)
    finally:
        await database.close()
    print(f"sealed anew: {rotated.sealed} values; readable with neither key and left alone: {rotated.unreadable}")
    print(f"the key is now the one in {new_key}; keep the old one for as long as you keep older backups")


def _key(path: Path | None) -> bytes:
    try:
        return path.read_bytes().strip() if path is not None else os.environ["DATA_KEY"].encode()
    except KeyError:
        raise StorageError("set DATA_KEY, or name the key file with --key") from None
    except OSError as error:
        raise StorageError(f"cannot read the key file {path}: {error.strerror}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m storage", description="Back up, restore and copy databases.")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("backup", help="copy an SQLite database while the bot runs")
    one.add_argument("database", type=Path)
    one.add_argument("file", type=Path)
    two = commands.add_parser("restore", help="replace a database by a backup; stop the bot first")
    two.add_argument("file", type=Path)
    two.add_argument("database", type=Path)
    three = commands.add_parser("copy", help="copy a database into an empty one of either kind; stop the bot first")
    three.add_argument("source", help=EXAMPLE)
    three.add_argument("target", help="in the same form")
    four = commands.add_parser("rotate-key", help="encrypt everything with another key; stop the bot first")
    four.add_argument("database", help=EXAMPLE)
    four.add_argument("--new-key", type=Path, required=True, help="file of the new key; created if absent")
    for each in (three, four):
        each.add_argument("--key", type=Path, help="file of the present key, instead of DATA_KEY")
    return parser


if __name__ == "__main__":
    sys.exit(main())
