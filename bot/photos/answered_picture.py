"""The picture of an answer. It says what to do, so it is drawn again if the person's answers have changed that."""

from aiogram.types import BufferedInputFile, InputFile, Message

from bot.photos.asked import largest
from bot.photos.reading import NotRead, NotWanted
from bot.photos.second_reading import SecondReader
from bot.results import DRAWN, Result
from storage.database import Database
from storage.records import Request


class AnsweredPictures:
    """Provides the picture that fits the present answer of a request.

    Args:
        database: stores file ids.
        reader: draws pictures again.
    """

    def __init__(self, database: Database, reader: SecondReader) -> None:
        self._database = database
        self._reader = reader

    async def of(self, request: Request) -> InputFile | str | None:
        """The picture to send: the earlier one, or one drawn again. None if the answer had none."""
        now = Result.stored(request.result or {}).risk
        if request.reply_file_id is None or now is None or (request.result or {}).get(DRAWN, now) == now:
            return request.reply_file_id
        try:
            reading = await self._reader.read(request, now)
        except (NotRead, NotWanted):
            return request.reply_file_id
        risk = reading.analysis.risk
        if reading.annotated is None or risk is None or risk.at_least(now) is not now:
            # The models have changed, so a new picture would not fit the answer.
            return request.reply_file_id
        return BufferedInputFile(reading.annotated, f"{request.id}.jpg")

    async def sent(self, request: Request, picture: InputFile | str | None, message: Message | bool) -> None:
        """Note that a picture was sent, if it was drawn again."""
        if not isinstance(picture, InputFile) or not isinstance(message, Message) or not message.photo:
            return
        stated = {DRAWN: (request.result or {}).get("risk")}
        file_id = largest(message.photo).file_id
        await self._database.requests.amend(request.id, request.user_id, lambda result: {**result, **stated}, file_id)
