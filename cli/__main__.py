"""`spcm`, and `python -m cli`: Ctrl-C ends it quietly also while it is still being read in."""

import sys


def main() -> None:
    """The program."""
    try:
        from cli.main import main as program
    except KeyboardInterrupt:
        sys.exit(130)  # as cli.problems.INTERRUPTED, which is not there yet
    program()


if __name__ == "__main__":
    main()
