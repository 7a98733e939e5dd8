"""``python -m gongkai`` (in a checkout: ``python -m generator``)."""

from .commands import main

if __name__ == "__main__":
    main()
