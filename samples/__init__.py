"""The sample workbook and its generator."""
