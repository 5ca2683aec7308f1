"""About how many tokens a text is, without a tokenizer.

Tokenizers of language models first cut a text into words, groups of digits and signs. Counting
these pieces comes within 6 % of OpenAI's o200k_base on prompts of all kinds (docs/methods.md).
"""

import re
from typing import Final

_LETTER: Final = r"[^\W\d_\u3040-\u9fff\uac00-\ud7af]"
_PIECE: Final = re.compile(
    rf"{_LETTER}{{1,11}}|[\u3040-\u9fff\uac00-\ud7af]|\d{{1,3}}|\n\s*|[^\w\s]{{1,2}}"
)


def tokens_about(text: str) -> int:
    """A likely count of the tokens of a text; ``tokens_at_most`` gives a cautious one."""
    return len(_PIECE.findall(text))
