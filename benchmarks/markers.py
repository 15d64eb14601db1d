"""Generated parts of a document. Each is between two markers; everything around them is written by hand."""


def part(page: str, name: str) -> str:
    """The text between the markers `name`. Raises ValueError if they are missing."""
    begin, end = _markers(name)
    before, found, rest = page.partition(begin)
    text, closed, _after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"no markers {begin} and {end} in the document that begins with {before[:40]!r}")
    return text.strip("\n")


def replaced(page: str, name: str, text: str) -> str:
    """The page with another text between the markers `name`. Raises ValueError if they are missing."""
    part(page, name)
    begin, end = _markers(name)
    before, _begin, rest = page.partition(begin)
    return f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}"


def rows(page: str, name: str) -> dict[str, str]:
    """The first two columns of the tables between the markers `name`."""
    lines = [line.strip("| ").split(" | ") for line in part(page, name).splitlines() if line.startswith("| ")]
    return {cells[0]: cells[1] for cells in lines}


def _markers(name: str) -> tuple[str, str]:
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
