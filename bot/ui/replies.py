"""The texts of results. What to do comes first, and the class comes third.

The headline depends on all cancers and pre-cancers together, not on the likeliest class. The texts never say "healthy"
or "safe", and name no treatment and no prognosis. Every answer says that it is no diagnosis.
"""

from collections.abc import Sequence
from html import escape

from aiogram.utils.i18n import gettext as _

from bot.results import Result, Symptom, Trouble
from bot.ui.apologies import apology, numbered, title
from bot.ui.names import RISK_ICONS, class_name, current_language, percent, short_name
from bot.ui.texts import day_shown
from inference.analysis import Risk
from inference.drawing import verdict, words

MAX_CAPTION = 1024
SHOWN_KINDS = 3

_NAME_WIDTH = 14
_BAR_WIDTH = 10
_EIGHTHS = "▏▎▍▌▋▊▉█"
_URGENT = tuple(reversed(Risk))


def answer(result: Result, *, number: int | None = None, every_kind: bool = False) -> str:
    """A result with a class as HTML; at most 1,024 UTF-16 units in every language, for a caption.

    Args:
        result: with a class.
        number: of the photo in its album.
        every_kind: whether all classes are shown, and not only the likeliest.
    """
    if result.label is None or result.risk is None:
        raise ValueError("a result without a class has no answer, only an apology")
    lines = [f"<b>{numbered(escape(action(result)), number)}</b>", *map(escape, _because(result))]
    lines.append(escape(verdict.several(result.spots, current_language())))
    lines.append(_repeated(result))
    if result.risk is Risk.LOW:
        lines.append(escape(verdict.no_warning_signs(current_language())))
    lines += [escape(_group(result)), escape(_likeness(result)), bars(result, None if every_kind else SHOWN_KINDS)]
    if small_print := _small_print(result, in_full=not every_kind):
        lines.append(f"<blockquote expandable>{escape(small_print)}</blockquote>")
    return "\n".join([*filter(None, lines), f"<i>{not_a_diagnosis()}</i>"])


def action(result: Result) -> str:
    """What to do and by when, in plain text, after the icon of the risk."""
    risk = result.risk or Risk.LOW
    return f"{RISK_ICONS[risk]} {words.action(risk, current_language())}"


def bars(result: Result, count: int | None) -> str:
    """The likeliest classes as aligned bars, as HTML; a `count` of None shows all."""
    ranking = sorted(result.probabilities.items(), key=lambda item: -item[1])[:count]
    shares = [percent(share) for _name, share in ranking]
    width = max(map(len, shares))
    rows = [
        f"{short_name(name):<{_NAME_WIDTH}} {shown:>{width}} {_bar(share)}".rstrip()
        for (name, share), shown in zip(ranking, shares, strict=True)
    ]
    return f"<pre>{escape(chr(10).join(rows))}</pre>"


def not_a_diagnosis() -> str:
    """The line every answer ends with."""
    return verdict.not_a_diagnosis(current_language())


def summary(results: Sequence[Result]) -> str:
    """An album in one message, the most worrying photo first, as HTML of at most 4,096 UTF-16 units."""
    parts = []
    for number, result in sorted(enumerate(results, 1), key=lambda each: _urgency(each[1])):
        if result.label is None:
            if result.reason is None:
                raise ValueError("a result has a class or a reason")
            parts.append(apology(result.reason, number=number))
            continue
        several = verdict.several(result.spots, current_language())
        because = "".join(f"{escape(line)}\n" for line in [*_because(result), several] if line)
        head = numbered(escape(action(result)), number)
        repeated = f"{_repeated(result)}\n" if result.sent_before else ""
        found = " ".join(filter(None, [f"{_group(result)}.", f"{_likeness(result)}.", _missed(result)]))
        parts.append(f"<b>{head}</b>\n{because}{repeated}{escape(found)}")
    if any(result.label is not None for result in results):
        parts.append(f"<i>{not_a_diagnosis()}</i>")
    return "\n\n".join(parts)


def result_text(result: Result) -> str:
    """Any result, answered or refused."""
    if result.label is not None:
        return answer(result)
    return apology(result.reason or Trouble.FAILED, retry_after=result.retry_after)


def headline(result: Result) -> str:
    """A result in a few words of plain text, for a list."""
    return f"⚪ {in_short(result)}" if result.risk is None else f"{RISK_ICONS[result.risk]} {in_short(result)}"


def in_short(result: Result) -> str:
    """A result in a few words of plain text."""
    if result.label is None:
        return title(result.reason or Trouble.FAILED)
    share = result.probabilities[result.label]
    if result.risk is Risk.LOW and share >= verdict.STANDS_OUT:
        return f"{class_name(result.label)}, {percent(share)}"
    kind = class_name(result.label) if share >= verdict.STANDS_OUT else _("no single kind stands out")
    group = _("cancer or pre-cancer {share}").format(share=percent(verdict.group_share(result.probabilities)))
    return ", ".join([group, *map(symptom_name, result.symptoms), kind])


def symptom_name(symptom: Symptom) -> str:
    """A symptom as words after "You say"."""
    names = {
        Symptom.BLEEDS: _("it bleeds"),
        Symptom.GREW: _("it grows"),
        Symptom.CHANGED: _("it changes"),
        Symptom.ITCHES: _("it itches"),
        Symptom.HURTS: _("it hurts"),
        Symptom.SORE: _("it does not heal"),
    }
    return names[symptom]


def _because(result: Result) -> list[str]:
    """How the person's own words have changed the answer."""
    lines = []
    if result.symptoms:
        said = ", ".join(map(symptom_name, result.symptoms))
        lines.append(_("You say: {said}. That alone is a reason to have it looked at.").format(said=said))
    if result.before is not None:
        now, before = (percent(verdict.group_share(each.probabilities)) for each in (result, result.before))
        if now == before:
            lines.append(_("Your answers change nothing about this."))
        else:
            lines.append(
                _("With your answers: cancer or pre-cancer {now}, by the photo alone {before}.").format(
                    now=now, before=before
                )
            )
    return lines


def _repeated(result: Result) -> str:
    """The notice that the same photo came before, as HTML; empty if it did not."""
    if result.sent_before is None:
        return ""
    return _("You have sent this very photo before, on {day}.").format(day=day_shown(result.sent_before))


def _group(result: Result) -> str:
    return verdict.group(result.probabilities, current_language())


def _likeness(result: Result) -> str:
    if result.label is None or result.probabilities[result.label] < verdict.STANDS_OUT:
        return _("No single kind stands out")
    return _("Most like: {name}").format(name=class_name(result.label))


def _picture(result: Result) -> str:
    """The kind of photo."""
    kinds = {"phone": _("Read as a photo by phone."), "dermatoscope": _("Read as a picture through a dermatoscope.")}
    return "" if result.domain is None else kinds[result.domain]


def _missed(result: Result) -> str:
    """How many melanomas such a low answer misses, if that was measured."""
    if result.risk is not Risk.LOW or result.missed is None:
        return ""
    return verdict.missed(result.missed, current_language())


def _small_print(result: Result, *, in_full: bool) -> str:
    """The kind of photo, what such an answer misses, the basis of the answer if there is room, and the model.

    A client folds it to three lines, so the most important comes first.
    """
    said = [_picture(result), _missed(result)]
    if in_full:
        said.append(
            _(
                "What to do follows all cancers and pre-cancers together, even where something else is likelier. It is "
                "often a false alarm, and it can miss. Children, nails, lips and dark skin are outside what I learnt. "
                "A program answers you, no doctor."
            )
        )
    if result.model is not None:
        said.append(_("Model {version}.").format(version=result.model.rpartition(" ")[2]))
    return " ".join(filter(None, said))


def _bar(share: float) -> str:
    eighths = round(share * _BAR_WIDTH * 8)
    whole, part = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[part - 1] if part else "")


def _urgency(result: Result) -> tuple[int, float]:
    """Sort key: the most worrying first, photos that were not analysed last."""
    if result.risk is None:
        return len(_URGENT), 0.0
    return _URGENT.index(result.risk), -verdict.group_share(result.probabilities)
