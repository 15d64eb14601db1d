"""Figures for the admins, as HTML: the served models and what was measured of them, the use by day."""

from collections.abc import Sequence
from html import escape

from aiogram.utils.i18n import gettext as _

from inference.analysis import CLASSES
from inference.engine.engine import ServedModel
from storage.records import DayStats


def model_card(model: ServedModel) -> str:
    """A served model with its version, measured figures and licence."""
    roles = {"classifier": _("class"), "segmenter": _("outline"), "gate": _("refusal of what shows no lesion")}
    lines = [f"<b>{escape(model.name)} {escape(model.version)}</b> · {roles[model.role]}"]
    titles = _titles()
    for split, metrics in model.metrics.items():
        lines.append(_("Measured on “{split}” (interval of 95 %):").format(split=escape(split)))
        lines += [
            f"{titles[name]}: {estimate:.3f} ({lower:.3f}–{upper:.3f})"
            for name, (estimate, lower, upper) in metrics.items()
        ]
    return "\n".join([*lines, _("Licence: {licence}").format(licence=escape(model.licence))])


def _titles() -> dict[str, str]:
    """What was measured, by its name in the registry."""
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


def stats(days: Sequence[DayStats], recipients: int) -> str:
    """Requests and people by UTC day, newest first, as a table a phone can show."""
    titles = [_("Day"), _("All"), _("Answ."), _("Ref."), _("Fail."), _("People")]
    rows = [
        [
            f"{each.day:%m-%d}",
            *map(str, (each.requests, each.answered, each.refused, each.failed, each.users)),
        ]
        for each in days
    ]
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    table = "\n".join(
        " ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in [titles, *rows]
    )
    return "\n".join(
        [
            "<b>" + _("Requests by day (UTC): all, answered, refused, failed; people") + "</b>",
            f"<pre>{escape(table)}</pre>",
            _("Recipients of announcements: {number}").format(number=recipients),
        ]
    )
