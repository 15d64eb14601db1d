"""The usage figures as one picture, as wide as a phone."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, Literal

from aiogram.utils.i18n import gettext as _
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, DateFormatter, date2num
from matplotlib.figure import Figure

from bot.operator.drift import Drift
from bot.operator.usage import Usage, quantile
from bot.results import REASONS
from bot.ui.apologies import short
from bot.ui.drift import domain_name, feature_name
from inference.analysis import Risk
from inference.domains import Domain
from inference.drift import FEATURES, LABEL, PSI_LIMIT
from storage.records import Outcome

# A phone shows 780 pixels on 390 points, two for each point. Telegram shrinks higher pictures than 1280 pixels.
WIDTH, HEIGHT, DPI = 6.0, 9.8, 130
LEGEND: Mapping[str, Any] = {
    "frameon": False, "fontsize": 8, "ncols": 3, "loc": "upper left", "columnspacing": 1.0, "handlelength": 1.2,
}  # fmt: skip
INK = "#1c2733"
GRID = "#d5dbe1"
OUTCOMES = {Outcome.ANSWERED: "#2f7d4f", Outcome.REFUSED: "#d39b2c", Outcome.FAILED: "#b3261e"}
DOMAIN_COLORS: Mapping[Domain, str] = {"phone": "#3b6fb5", "dermatoscope": "#7a5aa6"}
RISKS = {Risk.LOW: "#3b6fb5", Risk.RAISED: "#d9822b", Risk.HIGH: "#b3261e"}


def draw(usage: Usage, departures: Sequence[Drift]) -> bytes:
    """A PNG of requests, risks, waiting times, refusals and drift. It takes half a second, so call it in a thread."""
    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, layout="constrained", facecolor="white")
    figure.get_layout_engine().set(h_pad=0.12)  # type: ignore[call-arg, union-attr]
    requests, risks, waiting, refusals, drift = figure.subplots(5, 1)
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
    reasons = [short(REASONS[each]) for each in usage.reasons]
    refusals.barh(reasons, list(usage.reasons.values()), color=OUTCOMES[Outcome.REFUSED], height=0.6)
    refusals.invert_yaxis()
    refusals.set_title(_("Reasons of refusals"))
    _bars(drift, departures)
    for axes in (requests, risks, waiting):
        _time_axis(axes)
    for axes in (requests, risks, waiting):
        _tidy(axes, "y")
    for axes in (refusals, drift):
        _tidy(axes, "x")
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


def _bars(axes: Axes, departures: Sequence[Drift]) -> None:
    """The stability index of each feature, a bar for each kind of photo, and a line at the limit."""
    names = [LABEL, *FEATURES]
    thickness = 0.8 / max(1, len(departures))
    for number, each in enumerate(departures):
        places = [row + (number - (len(departures) - 1) / 2) * thickness for row in range(len(names))]
        values = [each.indices.get(name, 0.0) for name in names]
        axes.barh(places, values, thickness, color=DOMAIN_COLORS[each.domain], label=domain_name(each.domain))
    axes.axvline(PSI_LIMIT, color=OUTCOMES[Outcome.FAILED], linewidth=1, linestyle="--")
    axes.set_yticks(range(len(names)), [feature_name(name) for name in names])
    axes.invert_yaxis()
    axes.set_xlim(0, 1.4 * max([PSI_LIMIT, *(index for each in departures for index in each.indices.values())]))
    axes.set_title(_("Drift from validation (PSI)"))
    if departures:
        axes.legend(**{**LEGEND, "loc": "upper right", "ncols": 1})


def _time_axis(axes: Axes) -> None:
    axes.xaxis.set_major_locator(AutoDateLocator(maxticks=7))
    # Only digits, because the names of months would be English in every language.
    axes.xaxis.set_major_formatter(DateFormatter("%d.%m"))


def _tidy(axes: Axes, across: Literal["x", "y"]) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GRID)
    axes.tick_params(colors=INK, labelsize=9, length=0)
    axes.title.set(color=INK, fontsize=11, fontweight="bold", ha="left")
    axes.title.set_x(0)
    axes.grid(axis=across, color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
