"""What the titles, the cells and the rows of a sheet say about its columns."""
