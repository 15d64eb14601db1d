"""Checks a person's answers beside a photo. A misspelt answer is an error; it does not count as missing."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from inference.pipeline.answers import REGIONS

Known = Annotated[bool | None, Field(strict=True)]


class PersonAnswers(BaseModel):
    """What a person knows about the lesion. Every field may be left out."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    age: Annotated[float | None, Field(ge=0, le=130, allow_inf_nan=False, description="years")] = None
    region: Annotated[str | None, Field(pattern=f"^({'|'.join(REGIONS)})$", description="on the body")] = None
    itch: Known = None
    grew: Known = None
    hurt: Known = None
    changed: Known = None
    bleed: Known = None
    elevation: Known = None

    def given(self) -> dict[str, Any]:
        """The given answers, for `inference.pipeline.answers`."""
        return {name: str(value) for name, value in self.model_dump(exclude_none=True).items()}
