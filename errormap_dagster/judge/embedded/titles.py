"""Every error title of the embedded analyst for text, mathematics and multiple choice.

Titles name the skill that failed. ``TITLES`` maps each to the atlas category that it is meant
for; titles for code, constraints and agents stand in ``titles_code``.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
