"""Whether a mole has changed, in plain words. Chat and Mini App use the same sentences."""

from collections.abc import Sequence

from inference.comparison.change import Mark, Measurement, changed
from inference.drawing.words import translator


def change_in_words(measurements: Sequence[Measurement], since: str, language: str = "en") -> str:
    """What differs between the first and the last photo of a mole. It never says that nothing is to worry about.

    Args:
        measurements: of its photos, the oldest first.
        since: the day of the first photo, in words.
        language: "en" or "ru".
    """
    _ = translator(language)
    if len(measurements) < 2:
        return _("One photo so far. I can compare from the second photo on.")
    first, last = measurements[0], measurements[-1]
    if marks := changed(first, last):
        what = {
            Mark.ASYMMETRY: _("its shape"),
            Mark.CONTRAST: _("its colour"),
            Mark.DIAMETER: _("its size"),
            Mark.AREA: _("its area"),
        }
        named = ", ".join(what[each] for each in marks)
        return _("Changed since {day}: {what}. Show it to a doctor.").format(day=since, what=named)
    if first.domain != last.domain:
        return _("The photos are of different kinds, so they are not compared.")
    return _("I see no change in these photos.")
