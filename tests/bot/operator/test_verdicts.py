"""What doctors said, for the operator: numbers over all people, and none where they are few."""

import pytest

from bot.operator.usage import summarise
from bot.operator.verdicts import agreement
from bot.ui.admin import stats
from bot.ui.i18n import load_i18n
from storage.database import Database
from storage.records import Outcome, Verdict
from storage.statistics import JudgedAnswer

TOLD = [("high", "mel"), ("raised", "nv"), ("raised", "bcc"), ("low", "nv"), ("low", "scc"), ("low", "other")]


def test_warnings_and_the_rest_are_counted_apart() -> None:
    found = agreement(JudgedAnswer(risk, said, risk == "high") for risk, said in TOLD)
    assert (found.warned, found.warned_suspicious, found.others, found.others_suspicious) == (3, 2, 3, 1)
    assert (found.total, found.biopsies) == (6, 1)


@pytest.mark.parametrize(
    ("language", "few", "words"),
    [
        ("en", "Doctors' words: too few to tell", "Doctors' words: 6, biopsies 1. With a warning 3, of these"),
        ("ru", "Заключения врачей: данных пока мало", "Заключения врачей: 6, биопсий 1. С предупреждением 3, из них"),
    ],
)
def test_the_figures_say_it_from_five_on(language: str, few: str, words: str) -> None:
    i18n, usage = load_i18n(), summarise([], 28)
    judged = [JudgedAnswer(risk, said, risk == "high") for risk, said in TOLD]
    with i18n.context(), i18n.use_locale(language):
        assert few in stats(usage, 0, agreement(judged[:4]), [])
        shown = stats(usage, 0, agreement(judged), [])
        assert words in shown and few not in shown


async def test_they_are_read_without_whose_they_are_also_of_a_photo_that_replaced_another(database: Database) -> None:
    for user, edited_at in ((1, 0), (2, 5)):
        await database.users.seen(user, "en")
        request, _ = await database.requests.record(user, user, 1, None, "file", "unique", "photo", edited_at=edited_at)
        await database.requests.complete(request.id, Outcome.ANSWERED, {"risk": "high"}, None)
        await database.verdicts.note(request.id, user, Verdict("mel", True))
    assert await database.statistics.verdicts() == [JudgedAnswer("high", "mel", True)] * 2
