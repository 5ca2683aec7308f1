"""Texts of others inside a prompt: shortened visibly, and fenced so that they stay material.

A fence is a pair of lines with a code that follows from the text itself, so that nobody who wrote
the text could have closed it: the code is a hash of what stands inside.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Final

_CODE_LENGTH: Final = 16
_INVISIBLE: Final = "\u200b"
"""Zero width: breaks what a server's chat template would read as a role, and nothing else."""
_ROLE_MARKERS: Final = re.compile(
    rf"<\|(?=[^\s|{_INVISIBLE}]{{1,40}}\|>)|\[(?=/?INST\])|<(?=</?SYS>>|/?s>|(?:start|end)_of_turn>)"
)
_BYTES_PER_TOKEN: Final = 3
"""Few enough to be safe: English takes about 4, Chinese 3."""
_HEAD_SHARE: Final = 0.6
_MISSING: Final = "(none)"


def tokens_at_most(text: str) -> int:
    """A cautious count of the tokens of a text, from its bytes; no tokenizer is asked."""
    return len(text.encode()) // _BYTES_PER_TOKEN + 1


def without_roles(text: str) -> str:
    """A text whose markers that chat templates read are broken by a character of no width."""
    return _ROLE_MARKERS.sub(lambda found: found.group() + _INVISIBLE, text)


def fenced(text: str | None, label: str) -> str:
    """A text between two lines that only its own content could name; "(none)" without a text.

    Its markers of roles are broken; a text in which they are broken already is not changed.
    """
    if text is None:
        return _MISSING
    harmless = without_roles(text)
    code = hashlib.sha256(harmless.encode()).hexdigest()[:_CODE_LENGTH]
    return f"<<<BEGIN {label} {code}\n{harmless}\n<<<END {label} {code}"


def unfenced_quote(quote: str) -> str:
    """A quote as it stands in the text before it was fenced."""
    return quote.replace(_INVISIBLE, "")


def shortened(text: str, most_tokens: int) -> str:
    """The head and the tail of a text that is too long, with how much was left out between them.

    A budget of fewer than about 16 tokens holds nothing, and that much alone is still told.
    """
    if tokens_at_most(text) <= most_tokens:
        return text
    raw = text.encode()
    # Bytes are shared out, not characters: one half may hold longer characters than the other.
    room = max(most_tokens * _BYTES_PER_TOKEN - 1 - len(_left_out(len(text))), 0)
    n_head = int(room * _HEAD_SHARE)
    head = raw[:n_head].decode(errors="ignore")
    tail = raw[len(raw) - (room - n_head) :].decode(errors="ignore")
    return f"{head}{_left_out(len(text) - len(head) - len(tail))}{tail}"


def _left_out(n_characters: int) -> str:
    return f"\n[... {n_characters} characters left out ...]\n"


def one_line(text: str) -> str:
    """A text that cannot begin a further line of a list."""
    return " ".join(text.split())


def shortened_line(text: str, most_tokens: int) -> str:
    """A text of a list: short, on one line, and as it will stand between the fences."""
    return one_line(shortened(without_roles(text), most_tokens))


def shortened_together(texts: Sequence[str], most_tokens: int) -> list[str]:
    """Texts that fit a budget together: short ones whole, long ones to an equal share of the rest.

    Args:
        texts: in any order; the result has the same.
        most_tokens: for all of them, counted with ``tokens_at_most``.
    """
    lengths = sorted(tokens_at_most(text) for text in texts)
    left, share = most_tokens, most_tokens
    for place, length in enumerate(lengths):
        share = left // (len(lengths) - place)
        if length > share:
            break
        left -= length
        share = most_tokens
    return [shortened(text, share) for text in texts]
