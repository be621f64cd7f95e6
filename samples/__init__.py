"""The sample workbook and what generates it."""
