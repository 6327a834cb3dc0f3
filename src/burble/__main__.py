"""`python -m burble` is `burble`."""

from burble.cli import main

main()
