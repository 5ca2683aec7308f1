"""A home whose judge is a scripted endpoint that counts tokens as a tokenizer of its own would."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from analyst import analyst
from errormap_dagster.project import Project
from responses import Request, Response, completion

MODELS = ("aster", "birch", "cedar")
PRICES = {"judge-model": {"input": 1.0, "output": 4.0}}
N_FAILURES = 120
"""Of all evaluations below, two in three predictions."""


def write_predictions(folder: Path, datasets: tuple[str, ...] = ("sums", "stories")) -> list[Path]:
    """Files of predictions, one for each dataset; two in three are failures."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_write(folder / f"{dataset}.jsonl", dataset) for dataset in datasets]


def _write(path: Path, dataset: str) -> Path:
    lines = [
        {
            "example_id": f"{n:03}",
            "model": model,
            "input_text": f"{dataset} {n}: a baker sells {n} loaves at {place} coins. How much?",
            "output_text": f"I take {n} loaves. " * (1 + n % 5) + f"So {n * place + 1} coins.",
            "correct_answer": str(n * place),
            "score": float(n % 3 == place),
        }
        for n in range(30)
        for place, model in enumerate(MODELS)
    ]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return path


def opened(home: Path, base_url: str, run_id: str = "run", **judge: Any) -> Project:
    """A home with these settings of the judge."""
    home.mkdir(parents=True, exist_ok=True)
    limits = {"attempts": 3, "longest_wait_seconds": 0.1, "timeout_seconds": 5, "concurrency": 8}
    section = {
        "kind": "llm",
        "model": "judge-model",
        "base_url": base_url,
        "prices": PRICES,
        "limits": limits,
        **judge,
    }
    (home / "errormap.yaml").write_text(yaml.safe_dump({"judge": section}), encoding="utf-8")
    return Project.open(home, run_id=run_id)


def counting(
    characters_per_token: float, completion_tokens: Callable[[dict[str, Any]], int]
) -> Callable[[Request], Response]:
    """The analyst behind an endpoint with a tokenizer of so many characters per token.

    It counts all that is sent, the form of the reply too, and gives each summary once.
    """

    def script(request: Request) -> Response:
        plain = json.loads(analyst(request).body(request))
        message = plain["choices"][0]["message"]
        reply = json.loads(message["content"] or message["tool_calls"][0]["function"]["arguments"])
        if "error_summary" in reply:
            reply["error_summary"] += f" It goes wrong in the way number {hash_of(request.user)}."
        form = [request.body[name] for name in ("tools", "response_format") if name in request.body]
        sent = len(request.system) + len(request.user) + len(json.dumps(form))
        return completion(
            json.dumps(reply),
            prompt_tokens=round(sent / characters_per_token),
            completion_tokens=completion_tokens(reply),
        )

    return script


def hash_of(text: str) -> int:
    """A number that follows from a text."""
    return int.from_bytes(text.encode()[-40:], "big") % 10**6


def usual_length(reply: dict[str, Any]) -> int:
    """Tokens of a reply as models without hidden reasoning write it."""
    if "criteria" in reply:
        return 370
    entries = reply.get("classifications") or reply["categories"]
    return 20 + 42 * len(entries)


def at_length(reply: dict[str, Any]) -> int:
    """Tokens of a reply of a model that reasons at length before it."""
    return 900 + usual_length(reply)
