"""`python -m bot.guidance`: write the drawn pictures of the chat into a folder, in every language."""

import argparse
import asyncio
import sys
from pathlib import Path

from bot.guidance.advice import OF_REFUSALS, holding_picture, howto_picture, refusal_picture
from bot.ui.i18n import LANGUAGES, load_i18n
from inference.drawing.body import body_picture


def main(arguments: list[str] | None = None) -> int:
    """Write them; exit status 0."""
    parser = argparse.ArgumentParser(prog="python -m bot.guidance", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/patient"), help="folder (default: docs/patient)")
    asyncio.run(_write(parser.parse_args(arguments).out))
    return 0


async def _write(folder: Path) -> None:
    i18n = load_i18n()
    with i18n.context():
        for language in LANGUAGES:
            with i18n.use_locale(language):
                drawn = {"howto": await howto_picture(), "holding": await holding_picture()}
                drawn |= {f"refusal-{each}": await refusal_picture(each) for each in OF_REFUSALS}
                (folder / f"body-{language}.png").write_bytes(body_picture(language))
            for name, content in drawn.items():
                (folder / f"{name}-{language}.jpg").write_bytes(content)


if __name__ == "__main__":
    sys.exit(main())
