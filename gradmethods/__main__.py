"""``python -m gradmethods`` is the command ``gradmethods``."""

import sys

from gradmethods.app.cli import main

if __name__ == "__main__":
    sys.exit(main())
