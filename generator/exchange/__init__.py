"""Floor 4: new workbooks from old ones — next year's, with imported tables, of a whole department.

Everything passes through ``content`` (see docs/architecture.md) and ``workbook.blank.build``; what is read is never
written to.
"""
