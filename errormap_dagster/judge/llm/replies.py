"""What a language model must answer: one pydantic model per operation.

The descriptions travel to the endpoint inside the schema, and the prompts name the same fields; a
test holds both together. Reasoning comes before the verdict in each reply, for a model writes from
left to right.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from errormap_dagster.domain.records import Outcome, Quality

_LONGEST_TITLE = 120


class Reply(BaseModel):
    """What every reply has in common: no field that was not asked for."""

    model_config = ConfigDict(extra="forbid")


class CriterionReply(Reply):
    """One thing that a correct solution needs, and how the failed output stands to it."""

    criterion: str = Field(min_length=1, description="What a correct solution must do or contain.")
    present_in_wrong: bool = Field(description="Whether the failed output attempts it at all.")
    quality: Quality | None = Field(
        description="How well it is done; null exactly when it is not attempted."
    )
    evidence: str | None = Field(
        description="A short verbatim quote from the failed output; null when there is none."
    )
    comment: str = Field(description="One sentence on what is right or wrong about it.")

    @model_validator(mode="after")
    def _an_attempt_has_a_quality(self) -> "CriterionReply":
        if self.present_in_wrong and self.quality is None:
            message = "quality must not be null where present_in_wrong is true"
            raise ValueError(message)
        return self


class AnalysisReply(Reply):
    """The reading of one failed output."""

    criteria: list[CriterionReply] = Field(
        description="What a correct solution needs, in the order in which it is needed."
    )
    outcome: Literal["error_found", "no_error_found", "wholly_incorrect"] = Field(
        description="Whether there is a first major error, none at all, or nothing that is right."
    )
    error_summary: str = Field(
        min_length=1,
        description="The weakness in thinking behind the error, in one or two sentences.",
    )
    error_title: str | None = Field(
        max_length=_LONGEST_TITLE,
        description="The skill that failed, in a few words; null when there is no error.",
    )

    @model_validator(mode="after")
    def _an_error_has_a_title(self) -> "AnalysisReply":
        has_title = bool(self.error_title and self.error_title.strip())
        if has_title == (self.outcome == Outcome.NO_ERROR_FOUND):
            message = "error_title must be null with no_error_found, and a text otherwise"
            raise ValueError(message)
        return self


class CategoryReply(Reply):
    """A category of the list."""

    name: str = Field(min_length=1, description="What goes wrong, in a few words.")
    description: str = Field(min_length=1, description="Which errors belong here.")
    builds_on: list[str] = Field(
        description="Ids of the categories of the given list that it continues; empty when new."
    )


class CategoryListReply(Reply):
    """A whole list of categories, replacing the one that was given."""

    explanation: str = Field(description="What was changed and why, in at most 20 words.")
    categories: list[CategoryReply] = Field(min_length=1, description="The complete list.")


class ClassifiedError(Reply):
    """The category of one error."""

    error_number: int = Field(description="The number of the error in the list.")
    reason: str = Field(description="Why it belongs there, in a few words.")
    category_id: str = Field(description="An id of the list of categories.")
    runner_up_category_id: str | None = Field(
        description="The id of the second best category; null when none comes near."
    )
    confidence: float = Field(ge=0, le=1, description="How sure, from 0 to 1.")


class ClassificationReply(Reply):
    """The categories of a list of errors."""

    classifications: list[ClassifiedError] = Field(description="One entry for each error.")
