"""How the bases that come with burble are made: their text, their training, their files and cards.

`docs/explanation/base.md` says what they are, and how to repeat all of it.
"""
