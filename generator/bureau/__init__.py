"""Floor 4: many departments at once. One workbook is the pipeline's affair; here are the hundred of them."""
