"""`burble`, and `python -m burble`: loads the command line, which Ctrl-C ends without a word."""

import gc
import signal


def main() -> None:
    """Runs the command line."""
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if usual:
        # Python's own handler would print where it was in loading modules.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # What is loaded stays: to look through it again and again for what could go takes a tenth of
    # the time that loading takes.
    gc.disable()
    from burble.cli.app import main as run

    gc.freeze()
    gc.enable()
    if usual:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run()


if __name__ == "__main__":
    main()
