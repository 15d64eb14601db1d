"""What a person meets in the chat, from /start to /delete, with the real bot process."""

import asyncio
import io
import json
import zipfile
from pathlib import Path

import pytest

from benchmarks.load.processes import ROOT
from bot.samples import sample
from bot.sandbox.client import words
from tests.e2e.playing import Person

PHONE_PHOTOS = sorted((ROOT.parent / "shared" / "phone").glob("*.jpg"))[:3]


async def test_first_contact_says_what_the_bot_is_and_asks_for_consent(newcomer: Person) -> None:
    await newcomer.write("/start")
    welcome = await newcomer.answer()
    for passage in ("not diagnose", "dermatoscope", "light skin", "Who runs me", "not stored", "/delete"):
        assert passage in words(welcome)
    await newcomer.click(welcome, 0)
    assert "send me a photo" in words(await newcomer.answer())
    await newcomer.write("/start")
    assert "reply_markup" not in await newcomer.answer()


async def test_a_photo_before_consent_is_answered_kindly_and_not_analysed(newcomer: Person) -> None:
    await newcomer.send_photos(sample("mole"))
    reply = await newcomer.answer()
    assert "I have not looked at this photo yet" in words(reply)
    assert await newcomer.calls("sendPhoto") == []
    await newcomer.click(reply, 0)
    await newcomer.answer()
    await newcomer.send_photos(sample("mole"))
    assert "photo" in await newcomer.answer()


async def test_a_photo_is_answered_with_an_outlined_photo_and_all_it_has_to_say(person: Person) -> None:
    [sent] = await person.send_photos(sample("mole"))
    reply = await person.answered()
    assert reply["reply_to_message"]["message_id"] == sent["message_id"]
    caption = words(reply)
    lines = caption.splitlines()
    assert lines[0][0] in "🔴🟠🔵" and "spot" in lines[0], "what to do comes first"
    assert "Cancer/pre-cancer" in caption and "Read as a p" in caption
    assert len(lines) <= 10
    assert caption.endswith("Not a diagnosis. Unsure? See a doctor.")
    assert await person.calls("sendChatAction")
    progress = [call for call in await person.calls("sendMessage") if call["params"]["text"].startswith("🔎")]
    assert len(progress) == 1
    await person.click(reply, "All kinds")
    whole = await person.changed(reply)
    for kind in (
        "melanoma",
        "basal cell",
        "age spot",
        "firm nodule",
        "mole",
        "blood vessels",
        "squamous",
        "pre-cancer",
    ):
        assert kind in words(whole)
    assert whole["reply_markup"] == reply["reply_markup"]


@pytest.mark.skipif(not PHONE_PHOTOS, reason="no photos taken with a phone in ../shared/phone")
@pytest.mark.parametrize("photo", PHONE_PHOTOS, ids=lambda path: path.stem)
async def test_a_real_phone_photo_is_answered_or_refused_with_advice(person: Person, photo: Path) -> None:
    await person.send_photos(await asyncio.to_thread(photo.read_bytes))
    reply = await person.answered()
    if "photo" in reply:
        assert words(reply).endswith("Not a diagnosis. Unsure? See a doctor.")
    else:
        assert "reply_markup" in reply
        assert "Sorry" not in words(reply)


async def test_an_album_is_answered_as_an_album_with_one_progress_message(person: Person) -> None:
    await person.send_photos(sample("mole"), sample("uneven"), sample("mole"))
    replies = [await person.answer() for _ in range(4)]
    assert len({reply.get("media_group_id") for reply in replies[:3]}) == 1
    assert [words(reply).split(":")[0] for reply in replies[:3]] == ["Photo 1", "Photo 2", "Photo 3"]
    summary = words(replies[3])
    assert all(f"Photo {number}:" in summary for number in (1, 2, 3))
    assert summary.endswith("Not a diagnosis. Unsure? See a doctor.")
    progress = [call for call in await person.calls("sendMessage") if call["params"]["text"].startswith("🔎")]
    assert len(progress) == 1


async def test_history_is_paged_newest_first_and_shows_the_photo_again(person: Person) -> None:
    for _ in range(6):
        await person.send_photos(sample("mole"))
        reply = await person.answered()
    await person.write("/history")
    page = await person.answer()
    assert "page 1 of 2" in words(page)
    assert [button["text"] for button in page["reply_markup"]["inline_keyboard"][0]] == ["1", "2", "3", "4", "5"]
    await person.click(page, 0)
    again = await person.answer()
    # The newest first; and the very photo that Telegram has, not another upload.
    assert again["photo"][-1]["file_id"] == reply["photo"][-1]["file_id"]
    assert words(reply) in words(again)
    await person.click(page, "Older")
    number = page["message_id"]
    second = await person.wait(
        lambda chat: next(
            (m for m in chat["messages"] if m["message_id"] == number and "page 2 of 2" in words(m)), None
        )
    )
    assert [button["text"] for button in second["reply_markup"]["inline_keyboard"][0]] == ["6"]


async def test_a_button_shows_what_made_the_model_say_so(person: Person) -> None:
    [sent] = await person.send_photos(sample("mole"))
    reply = await person.answered()
    await person.click(reply, "Why?")
    why = await person.answer(lambda message: "photo" in message)
    assert why["reply_to_message"]["message_id"] == sent["message_id"]
    outlined, glowing = [await person.file(message["photo"][-1]["file_id"]) for message in (reply, why)]
    assert outlined != glowing
    caption = words(why)
    assert "Why this answer" in caption
    assert "What the spot looks like\n• " in caption
    assert caption.endswith("Not a diagnosis. Unsure? See a doctor.")
    assert "upload_photo" in {call["params"]["action"] for call in await person.calls("sendChatAction")}
    # In the history it can be asked for too; who has just got it is sent to it.
    await person.write("/history")
    await person.click(await person.answer(), 0)
    entry = await person.answer(lambda message: "photo" in message)
    await person.click(entry, "Why?")
    async with asyncio.timeout(60):
        while "I am at it, or have just explained it" not in str(
            await person.get("/sim/calls?method=answerCallbackQuery")
        ):
            pass


async def test_an_explanation_whose_photo_is_gone_says_so(person: Person) -> None:
    await person.send_photos(sample("mole"))
    reply = await person.answered()
    await person.faults({"kind": "file_expired", "method": "download", "chat_id": None})
    await person.click(reply, "Why?")
    assert "The file is no longer available" in words(await person.answer())


async def test_history_shows_nobody_elses_results(person: Person, ivan: Person) -> None:
    await person.send_photos(sample("mole"))
    await person.answered()
    await ivan.write("/history")
    assert "пока нет результатов" in words(await ivan.answer())


async def test_language_follows_the_client_until_one_is_chosen(ivan: Person) -> None:
    await ivan.write("/help")
    assert "Хорошее фото" in words(await ivan.answer())
    await ivan.write("/language")
    await ivan.click(await ivan.answer(), "English")
    await ivan.wait(lambda chat: next((m for m in chat["messages"] if words(m) == "I will answer in English."), None))
    await ivan.write("/help")
    assert "A good photo" in words(await ivan.answer())


async def test_privacy_tells_what_is_kept_and_turns_announcements_off(person: Person) -> None:
    await person.write("/privacy")
    reply = await person.answer()
    assert "Announcements about new models are on" in words(reply)
    assert "You agreed to the terms on" in words(reply)
    await person.click(reply, "off")
    assert words(await person.answer()) == "Announcements about new models are off."


async def test_export_gives_everything_as_an_archive(person: Person) -> None:
    await person.send_photos(sample("mole"))
    await person.answered()
    await person.write("/export")
    reply = await person.answer(lambda message: "document" in message)
    archive = zipfile.ZipFile(io.BytesIO(await person.file(reply["document"]["file_id"])))
    data = json.loads(archive.read("data.json"))
    [request] = json.loads(archive.read("results.json"))
    assert data["user"]["id"] == person.id
    assert request["outcome"] == "answered"
    assert sum(request["result"]["probabilities"].values()) > 0.999
    assert set(request["result"]["models"]) == {"classifier", "segmenter", "gate"}
    assert request["result"]["timings"]["total"] > 0


async def test_delete_asks_first_and_then_erases_everything(person: Person) -> None:
    await person.send_photos(sample("mole"))
    await person.answered()
    await person.write("/delete")
    await person.click(await person.answer(), "No")
    await person.write("/history")
    assert "page 1 of 1" in words(await person.answer())
    await person.write("/delete")
    question = await person.answer()
    await person.click(question, "Yes")
    await person.wait(lambda chat: next((m for m in chat["messages"] if "is erased" in words(m)), None))
    await person.write("/history")
    assert "no results yet" in words(await person.answer())
    await person.send_photos(sample("mole"))
    assert "I have not looked" in words(await person.answer())


async def test_text_and_unknown_commands_are_answered(person: Person) -> None:
    for text in ("weather", "/nonsense", "/broadcast", "/models", "/stats"):
        await person.write(text)
        assert "I do not understand this" in words(await person.answer()), text
