"""Results and moles as CSV, for a spreadsheet: one line a photo."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from inference.analysis import CLASSES

RESULT_COLUMNS = (
    "photo", "received_at", "outcome", "refusal", "class", "risk", *(f"p_{name}" for name in CLASSES),
    "symptoms", "answers", "note", "models",
)  # fmt: skip
MOLE_COLUMNS = ("mole", "name", "photo", "taken_with", "area", "asymmetry", "contrast", "millimetres")

_MEASURES = ("area", "asymmetry", "contrast")
# A spreadsheet treats text that begins like this as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def results_csv(requests: Iterable[Mapping[str, Any]]) -> bytes:
    """Requests as `storage` exports them."""
    return _csv(RESULT_COLUMNS, map(_result, requests))


def moles_csv(moles: Iterable[Mapping[str, Any]]) -> bytes:
    """Moles as `storage` exports them."""
    return _csv(MOLE_COLUMNS, (_mole_photo(mole, photo) for mole in moles for photo in mole["photos"]))


def _result(request: Mapping[str, Any]) -> Sequence[object]:
    result = request["result"] or {}
    shares = result.get("probabilities") or {}
    return (
        request["id"],
        request["created_at"],
        request["outcome"],
        result.get("refusal"),
        result.get("label"),
        result.get("risk"),
        *(round(shares[name], 4) if name in shares else None for name in CLASSES),
        " ".join(result.get("symptoms") or ()),
        _json(result.get("answers")),
        request["note"],
        _json(result.get("models")),
    )


def _mole_photo(mole: Mapping[str, Any], photo: Mapping[str, Any]) -> Sequence[object]:
    findings = photo["findings"]
    marks = findings["marks"]
    measures = [round(marks[name]["value"], 4) for name in _MEASURES]
    return mole["id"], mole["name"], photo["request_id"], findings["domain"], *measures, findings.get("millimetres")


def _json(value: object) -> str | None:
    return json.dumps(value, ensure_ascii=False) if value else None


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([f"'{each}" if isinstance(each, str) and each.startswith(_FORMULA) else each for each in row])
    # With the byte order mark, spreadsheets read Cyrillic correctly.
    return buffer.getvalue().encode("utf-8-sig")
