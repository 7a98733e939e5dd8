"""Floor 2: the workbook. ``blank`` writes it (the only place that knows openpyxl), ``read`` reads it."""
