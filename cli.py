"""Doorstep for a checkout: ``python cli.py generate WORKBOOK`` is the same as ``gongkai generate WORKBOOK``."""

from generator.commands import main

if __name__ == "__main__":
    main()
