"""What every section of ``errormap.yaml`` is: a frozen model that knows its keys and no others."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A section of the settings; an unknown key is an error."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True
    )
