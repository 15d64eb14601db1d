"""A group that becomes a supergroup takes its requests along, and they stay readable."""

import sqlite3
from pathlib import Path

from storage import Database, Outcome

RESULT = {"label": "nv", "probabilities": {"nv": 1.0}}
OLD, NEW = -5, -1_000_000_000_005


async def test_requests_move_to_the_new_number_of_their_chat_and_can_be_read(database: Database) -> None:
    requests = database.requests
    ids = []
    for number, chat in enumerate((OLD, OLD, 8)):
        request, _ = await requests.record(7, chat, number, None, f"file {number}", f"unique {number}", "photo")
        ids.append(request.id)
    await requests.complete(ids[0], Outcome.ANSWERED, RESULT, "reply")
    assert await database.chats.move(OLD, NEW) == 2
    kept = [await requests.get_owned(each, 7) for each in ids]
    assert [(each.chat_id, each.file_id, each.is_readable) for each in kept if each] == [
        (NEW, "file 0", True),
        (NEW, "file 1", True),
        (8, "file 2", True),
    ]
    assert kept[0] is not None and (kept[0].result, kept[0].reply_file_id) == (RESULT, "reply")


async def test_what_cannot_be_decrypted_stays_and_keeps_no_other_back(database: Database, path: Path) -> None:
    for number in (1, 2):
        await database.requests.record(7, OLD, number, None, "file", "unique", "photo")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE requests SET file_id = 'no base64' WHERE message_id = 1")
    connection.close()
    # Numbers of messages begin anew in a supergroup.
    await database.requests.record(7, OLD, 3, None, "file", "unique", "photo")
    await database.requests.record(7, NEW, 3, None, "file", "unique", "photo")
    assert await database.chats.move(OLD, NEW) == 1
