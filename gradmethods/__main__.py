"""``python -m gradmethods`` is the command ``gradmethods``."""

import sys


def main() -> int:
    """Run the command; return its exit status, also if it is stopped while modules are loaded."""
    try:
        from gradmethods.app.cli import main as command
    except KeyboardInterrupt:
        sys.stderr.write("gradmethods: stopped before it began\n")
        return 130
    return command()


if __name__ == "__main__":
    sys.exit(main())
