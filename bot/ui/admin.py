"""Figures for administrators, as HTML: the served models with their metrics, and the usage by day."""

from collections import Counter
from collections.abc import Sequence
from html import escape

from aiogram.utils.i18n import gettext as _

from bot.operator.drift import Drift
from bot.operator.usage import Usage, quantile
from bot.operator.verdicts import ENOUGH, Agreement
from bot.ui.drift import summary
from inference.analysis import CLASSES, Risk
from inference.drift import PSI_LIMIT
from inference.engine.engine import ServedModel
from storage.records import Outcome

HEADLINES = ("accuracy", "balanced_accuracy", "melanoma_warned", "warning_specificity", "ece")


def model_list(served: Sequence[ServedModel]) -> str:
    """The served models, with their main figures."""
    lines = ["<b>" + _("Models that serve") + "</b>"]
    titles = _titles()
    for model in served:
        lines += ["", f"<b>{escape(model.name)} {escape(model.version)}</b> · {_roles()[model.role]}"]
        metrics = model.metrics.get("test", {})
        lines += [f"{titles[name]}: {metrics[name][0]:.3f}" for name in HEADLINES if name in metrics]
    return "\n".join([*lines, "", _("Press a model for all of its figures.")])


def model_card(model: ServedModel) -> str:
    """A served model with its version, measured figures and licence."""
    lines = [f"<b>{escape(model.name)} {escape(model.version)}</b> · {_roles()[model.role]}"]
    titles = _titles()
    for split, metrics in model.metrics.items():
        lines.append(_("Measured on “{split}” (interval of 95 %):").format(split=escape(split)))
        lines += [
            f"{titles[name]}: {estimate:.3f} ({lower:.3f}–{upper:.3f})"
            for name, (estimate, lower, upper) in metrics.items()
        ]
    return "\n".join([*lines, _("Licence: {licence}").format(licence=escape(model.licence))])


def _roles() -> dict[str, str]:
    return {"classifier": _("class"), "segmenter": _("outline"), "gate": _("refusal of what shows no lesion")}


def _titles() -> dict[str, str]:
    """Name of a figure in the registry -> its title."""
    named = {
        "accuracy": _("accuracy"),
        "balanced_accuracy": _("balanced accuracy"),
        "macro_f1": _("macro-F1"),
        "melanoma_sensitivity": _("melanoma, sensitivity of the named class"),
        "melanoma_specificity": _("melanoma, specificity of the named class"),
        "warning_sensitivity": _("warning, sensitivity"),
        "warning_specificity": _("warning, specificity"),
        "melanoma_warned": _("melanomas that raise the warning"),
        "roc_auc": _("ROC-AUC, mean over classes"),
        "melanoma_roc_auc": _("ROC-AUC of melanoma"),
        "melanoma_at_specificity": _("melanoma, sensitivity at a specificity of 0.85"),
        "ece": _("calibration error"),
        "benign_warned": _("benign lesions that raise the warning"),
        "refused": _("lesions refused"),
        "lesions_refused": _("lesions refused"),
        "everyday_refused": _("everyday pictures refused"),
        "mask_map50": _("mask mAP50"),
        "mask_map": _("mask mAP50-95"),
        "box_map50": _("box mAP50"),
        "box_map": _("box mAP50-95"),
        "mean_jaccard": _("mean Jaccard index"),
        "jaccard_below_065": _("Jaccard index below 0.65"),
    }
    recalls = {f"recall_{name}": _("recall of {name}").format(name=name) for name in CLASSES}
    precisions = {f"precision_{name}": _("precision of {name}").format(name=name) for name in CLASSES}
    return named | recalls | precisions


def stats(usage: Usage, recipients: int, verdicts: Agreement, departures: Sequence[Drift]) -> str:
    """The text under the picture with the usage figures."""
    outcomes = sum((each.outcomes for each in usage.days), Counter())
    risks = sum((each.risks for each in usage.days), Counter())
    seconds = [each for day in usage.days for each in day.seconds]
    lines = [
        "<b>" + _("The last {days} days (UTC)").format(days=len(usage.days)) + "</b>",
        _("Photos: {all} of {people} people; answered {answered}, refused {refused}, failed {failed}").format(
            people=usage.people,
            all=outcomes.total(),
            answered=outcomes[Outcome.ANSWERED],
            refused=outcomes[Outcome.REFUSED],
            failed=outcomes[Outcome.FAILED],
        ),
        _("Answers with a warning: {number}").format(number=risks[Risk.RAISED] + risks[Risk.HIGH]),
    ]
    if seconds:
        half, most = quantile(seconds, 0.5), quantile(seconds, 0.95)
        lines.append(
            _("From photo to answer: half within {half:.1f} s, 95 % within {most:.1f} s").format(half=half, most=most)
        )
    lines += [
        _("Recipients of announcements: {number}").format(number=recipients),
        _drift(usage.drift),
        summary(departures),
        _doctors(verdicts),
    ]
    return "\n".join(lines)


def _doctors(verdicts: Agreement) -> str:
    """What doctors said, of all time."""
    if verdicts.total < ENOUGH:
        return _("Doctors' words: too few to tell")
    return _(
        "Doctors' words: {total}, biopsies {biopsies}. With a warning {warned}, of these called cancer or pre-cancer "
        "{confirmed}; without one {others}, of these {missed}"
    ).format(
        total=verdicts.total,
        biopsies=verdicts.biopsies,
        warned=verdicts.warned,
        confirmed=verdicts.warned_suspicious,
        others=verdicts.others,
        missed=verdicts.others_suspicious,
    )


def _drift(index: float | None) -> str:
    if index is None:
        return _("Drift of the answers: too few to tell")
    state = _("⚠️ the last 7 days differ from those before") if index >= PSI_LIMIT else _("none visible")
    return _("Drift of the answers: {state} (stability index {index:.2f}, limit {limit})").format(
        state=state, index=index, limit=PSI_LIMIT
    )
