"""Floor 2: the review page, one file that shows the document and the workbook side by side. No third-party imports."""
