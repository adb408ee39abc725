"""Writing plugins: a new one from templates, or a package of a file that is one already."""
