"""The usage figures as one picture, as wide as a phone."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from aiogram.utils.i18n import gettext as _
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, DateFormatter, date2num
from matplotlib.figure import Figure

from bot.operator.usage import Usage, quantile
from inference.analysis import Risk
from storage.records import Outcome

# A phone shows 780 pixels on 390 points, two for each point.
WIDTH, HEIGHT, DPI = 6.0, 9.2, 130
LEGEND: Mapping[str, Any] = {"frameon": False, "fontsize": 9, "ncols": 3, "loc": "upper left"}
INK = "#1c2733"
GRID = "#d5dbe1"
OUTCOMES = {Outcome.ANSWERED: "#2f7d4f", Outcome.REFUSED: "#d39b2c", Outcome.FAILED: "#b3261e"}
RISKS = {Risk.LOW: "#3b6fb5", Risk.RAISED: "#d9822b", Risk.HIGH: "#b3261e"}


def draw(usage: Usage) -> bytes:
    """A PNG of requests, risks, waiting times and refusals. It takes about half a second, so call it in a thread."""
    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, layout="constrained", facecolor="white")
    figure.get_layout_engine().set(h_pad=0.12)  # type: ignore[call-arg, union-attr]
    requests, risks, waiting, refusals = figure.subplots(4, 1)
    days = [date2num(each.day) for each in usage.days]
    outcomes = {Outcome.ANSWERED: _("answered"), Outcome.REFUSED: _("refused"), Outcome.FAILED: _("failed")}
    _stack(
        requests,
        days,
        {outcomes[key]: ([each.outcomes[key] for each in usage.days], OUTCOMES[key]) for key in OUTCOMES},
    )
    requests.set_title(_("Photos a day"))
    names = {Risk.LOW: _("no warning"), Risk.RAISED: _("warning"), Risk.HIGH: _("urgent warning")}
    _stack(risks, days, {names[key]: ([each.risks[key] for each in usage.days], RISKS[key]) for key in RISKS})
    risks.set_title(_("Answers by risk"))
    timed = [each for each in usage.days if each.seconds]
    longest = 1.0
    for share, style in ((0.5, "-"), (0.95, ":")):
        values = [quantile(each.seconds, share) for each in timed]
        longest = max([longest, *values])
        label = _("{percent} % within").format(percent=round(100 * share))
        waiting.plot(
            [date2num(each.day) for each in timed], values, style, color=INK, marker="o", markersize=3, label=label
        )
    waiting.set_title(_("Seconds from photo to answer"))
    waiting.set_ylim(0, 1.3 * longest)
    waiting.set_xlim(*requests.get_xlim())
    if timed:
        waiting.legend(**LEGEND)
    reasons = [each.replace("_", " ") for each in usage.reasons]
    refusals.barh(reasons, list(usage.reasons.values()), color=OUTCOMES[Outcome.REFUSED], height=0.6)
    refusals.invert_yaxis()
    refusals.set_title(_("Reasons of refusals"))
    for axes in (requests, risks, waiting):
        _time_axis(axes)
    for axes in (requests, risks, waiting, refusals):
        _tidy(axes)
    picture = BytesIO()
    FigureCanvasAgg(figure).print_png(picture)
    return picture.getvalue()


def _stack(axes: Axes, days: Sequence[float], series: Mapping[str, tuple[Sequence[int], str]]) -> None:
    floor = [0] * len(days)
    for label, (values, color) in series.items():
        axes.bar(days, values, bottom=floor, color=color, width=0.75, label=label)
        floor = [below + value for below, value in zip(floor, values, strict=True)]
    axes.set_ylim(0, max(1, *floor) * 1.3)
    axes.legend(**LEGEND)


def _time_axis(axes: Axes) -> None:
    axes.xaxis.set_major_locator(AutoDateLocator(maxticks=7))
    # Only digits, because the names of months would be English in every language.
    axes.xaxis.set_major_formatter(DateFormatter("%d.%m"))


def _tidy(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GRID)
    axes.tick_params(colors=INK, labelsize=9, length=0)
    axes.title.set(color=INK, fontsize=11, fontweight="bold", ha="left")
    axes.title.set_x(0)
    axes.grid(axis="y" if axes.get_title() != _("Reasons of refusals") else "x", color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
