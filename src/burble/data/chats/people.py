"""Names of people in chats, and what stands for them where they are masked. Knows no program."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cached_property

_WORD = re.compile(r"[^\W\d_]{3,}", re.UNICODE)
_ORDINARY = frozenset(
    re.findall(
        r"\w+",
        "the and for you not are but was all any can had her his how may new now old one our out "
        "see two who will mark rose hope grace joy art bill jack rich max pat sue may april june "
        "august der die das und von van den del los las mit ist für ein eine des auf",
    )
)
"""Parts of names that are words as well: masked only where they begin with a capital."""


class People:
    """The people of all chats that are read together, in the order in which they first speak.

    Attributes:
        masked: How many times a name was masked in what was said.
        chats: What to call each chat that was read.
        spoken: How many messages each has said in them.
        last: The file that was read last, and who spoke last in it.
    """

    def __init__(self) -> None:
        self._masks: dict[str, str] = {}
        self.masked = 0
        self.chats: list[str] = []
        self.spoken = Counter[str]()
        self.last = ("", "")

    def learn(self, names: Iterable[str]) -> None:
        """Takes note of names; each new one gets the next number."""
        for name in names:
            if name not in self._masks:
                self._masks[name] = f"Person {len(self._masks) + 1}"
                self.__dict__.pop("_pattern", None)

    def mask(self, name: str) -> str:
        """What stands for the name of one who speaks."""
        self.learn([name])
        return self._masks[name]

    def mask_text(self, text: str) -> str:
        """A text with masks where names stand: whole ones, and each of their words.

        >>> people = People()
        >>> people.learn(["Anna Berg", "Will"])
        >>> people.mask_text("anna, will you ask Will?")
        'Person 1, will you ask Person 2?'
        """
        pattern, masks = self._pattern
        if pattern is None:
            return text

        def replace(found: re.Match[str]) -> str:
            word = found.group()
            lower = word.casefold()
            if lower in _ORDINARY and not word[:1].isupper():
                return word
            self.masked += 1
            return masks[lower]

        return pattern.sub(replace, text)

    @cached_property
    def _pattern(self) -> tuple[re.Pattern[str] | None, dict[str, str]]:
        """What finds names in a text, and the mask of each; of two of one name, the first's."""
        masks: dict[str, str] = {}
        for name, mask in self._masks.items():
            masks.setdefault(name.casefold(), mask)
        for name, mask in self._masks.items():
            # Words with an apostrophe or a hyphen as a whole, too.
            for word in (*filter(_WORD.search, name.split()), *_WORD.findall(name)):
                masks.setdefault(word.casefold(), mask)
        if not masks:
            return None, masks
        longest = sorted(masks, key=len, reverse=True)
        # Scripts without letters' cases have no blanks around words, either.
        cased = "|".join(re.escape(one) for one in longest if one.upper() != one)
        others = "|".join(re.escape(one) for one in longest if one.upper() == one)
        # An address is masked as one, or stays whole.
        parts = [rf"(?<!\w)(?:{cased})(?!\w)(?![\w.+-]*@\w)" if cased else "", others]
        return re.compile("|".join(filter(None, parts)), re.IGNORECASE), masks
