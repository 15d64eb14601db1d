"""`python -m benchmarks.journey PHOTO`: takes pictures for docs/patient of a mole that is shared with a doctor.

A patient and a doctor, each with a phone, in English and in Russian. It needs what `benchmarks.phone` needs.
"""

import asyncio
import re
from pathlib import Path

from benchmarks.phone import Phones, options, phones
from bot.sandbox.client import words


def main() -> int:
    """Write the pictures; exit status 0."""
    given = options("journey", __doc__)
    asyncio.run(take(given.photos[0].read_bytes(), given.out))
    return 0


async def take(photo: bytes, out: Path) -> None:
    """Do it in each language."""
    async with phones(topics=True) as shop:
        for number, language in ((501, "en"), (511, "ru")):
            await walk(shop, number, language, photo, out)


async def walk(shop: Phones, number: int, language: str, photo: bytes, out: Path) -> None:
    """Follow a mole, share it, read it as the doctor, and write the pictures into a folder."""
    names = {"en": ("Emma", "Dr Stone"), "ru": ("Анна", "Доктор Лебедева")}[language]
    doctor = await shop.hand(number + 1, names[1], language)
    patient = await shop.hand(number, names[0], language)
    await patient.agree()
    answer = await patient.show(photo)
    body = await patient.tap(await patient.tap(answer, "follow:"), "addto:")
    named = await patient.tap(body, "place:")
    card = await patient.tap(named, "mole:open:")
    await patient.picture(card, out / f"mole-{language}.png")
    question = await patient.tap(card, "mole:share:")
    link = await patient.turn(question, "share:m:")
    await patient.picture(link, out / f"share-{language}.png")
    found = re.search(r"start=(share_[\w-]+)", words(link))
    if found is None:
        raise LookupError("no link to share")
    asked = await patient.tap(link, "own:choose:")
    await patient.picture(asked, out / f"choosing-{language}.png")
    await patient.choose(names[1], out / f"chosen-{language}.png")
    offer = await doctor.ask(f"/start {found[1]}")
    await doctor.picture(offer, out / f"offer-{language}.png")
    await doctor.tap(offer, "accept:")
    shown = await doctor.answer()
    await doctor.picture(offer, out / f"shared-{language}.png", shown)
    opened = await patient.answer()
    asked = await doctor.tap(shown, "shared:note:")
    thanks = await doctor.turn(asked, "shared:come:")
    await doctor.picture(asked, out / f"noting-{language}.png", thanks)
    note = await patient.answer()
    await patient.picture(opened, out / f"note-{language}.png", note)
    await patient.picture(await patient.ask("/shared"), out / f"access-{language}.png")
    begun = await patient.tap(card, "mole:topic:")
    inside = await patient.answer()
    await patient.look_at_topic(begun["forum_topic_created"]["name"])
    await patient.picture(begun, out / f"topic-{language}.png", inside)


if __name__ == "__main__":
    raise SystemExit(main())
