"""What stands behind the cells of a workbook: the number formats of dates, and hyperlinks."""
