"""Names of moles that people write: a cleaned text of limited length."""

MAX_NAME = 40


def cleaned(text: str) -> str | None:
    """A name in one line without invisible characters; None if it is empty or too long."""
    name = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return name if 0 < len(name) <= MAX_NAME else None
