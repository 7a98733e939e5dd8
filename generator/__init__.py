"""gongkai: from the standard workbook to the published disclosure.

Installed from a wheel this package is called ``gongkai``; in a checkout it is ``generator``.
Imports inside it are therefore always relative.
"""

__version__ = "0.1.0"
