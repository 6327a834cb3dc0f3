"""`burble`, and `python -m burble`: loads the command line, which Ctrl-C ends without a word."""

import signal
import sys


def main() -> None:
    """Runs the command line."""
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if usual:
        # Python's own handler would print where it was in loading modules.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from burble.errors import InputError, require_packages
    from burble.loading import uncollected

    try:
        with uncollected(), require_packages("burble's command line"):
            from burble.cli.app import main as run
    except InputError as error:
        print(f"burble: {error}", file=sys.stderr)
        sys.exit(error.exit_code)

    if usual:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run()


if __name__ == "__main__":
    main()
