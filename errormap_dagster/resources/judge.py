"""The judge as Dagster shows it in the launchpad. A shell: it holds choices and opens nothing."""

import dagster as dg
from pydantic import Field


class JudgeResource(dg.ConfigurableResource[None]):
    """Who reads the failures in this run; what is left empty is as the settings say.

    Keys never stand here: the settings name the environment variable that holds one.
    """

    kind: str = Field(
        default="",
        description="'embedded' (rules, no cost) or 'llm' (a model behind an endpoint); empty for "
        "ERRORMAP_JUDGE, else judge.kind of errormap.yaml.",
    )
    model: str = Field(
        default="",
        description="The model that judges; empty for ERRORMAP_JUDGE_MODEL, else judge.model.",
    )
    base_url: str = Field(
        default="",
        description="The endpoint, such as http://127.0.0.1:8000/v1; empty for "
        "ERRORMAP_JUDGE_BASE_URL, else judge.base_url, else OpenAI's.",
    )
    mode: str = Field(
        default="",
        description="json_schema, tools or json; empty for judge.mode of errormap.yaml.",
    )

    def choices(self) -> dict[str, object]:
        """What was chosen for this run, by key of the settings' ``judge`` section."""
        named = {
            "kind": self.kind,
            "model": self.model,
            "base_url": self.base_url,
            "mode": self.mode,
        }
        return {key: value for key, value in named.items() if value}
