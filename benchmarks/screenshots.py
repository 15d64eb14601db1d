"""`python -m benchmarks.screenshots PHOTO`: the pictures of the README, from the real bot in a real browser.

It sends the photo as a person with a phone would, and takes two pictures: the answer, and what the button under it
shows. It needs what `benchmarks.phone` needs.
"""

import asyncio
from pathlib import Path

from benchmarks.load.processes import ROOT
from benchmarks.phone import options, phones


def main() -> int:
    """Write `conversation.png` and `explanation.png`; exit status 0."""
    given = options("screenshots", __doc__, out=ROOT / "docs")
    asyncio.run(take(given.photos[0].read_bytes(), given.out))
    return 0


async def take(photo: bytes, out: Path) -> None:
    """Have the conversation and write both pictures into a folder."""
    async with phones() as shop:
        phone = await shop.hand(501, "Emma", "en")
        await phone.agree()
        [sent] = await phone.send_photos(photo)
        answer = await phone.settled()
        await phone.picture(sent, out / "conversation.png", answer)
        await phone.picture(await phone.tap(answer, "why:"), out / "explanation.png")


if __name__ == "__main__":
    raise SystemExit(main())
