"""A person's answers beside a photo, checked: an answer that is misspelt is an error, not one that was not given."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from inference.pipeline.answers import REGIONS

Known = Annotated[bool | None, Field(strict=True)]


class PersonAnswers(BaseModel):
    """What a person knows of the lesion; all of it may be left out."""

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
        """What was answered, as `inference.pipeline.answers` takes it."""
        return {name: str(value) for name, value in self.model_dump(exclude_none=True).items()}
