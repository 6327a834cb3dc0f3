"""Numbers with their nouns, for sentences a person reads. Knows nothing else."""


def some(count: int, noun: str) -> str:
    """A number of things.

    >>> some(1, "line"), some(2000, "line")
    ('1 line', '2,000 lines')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def symbol_name(unit: str) -> str:
    """What a person calls one symbol.

    >>> symbol_name("char")
    'character'
    """
    return "character" if unit == "char" else unit
