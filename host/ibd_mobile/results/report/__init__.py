"""Forms of a report: one file per format, found by its file name, each with `render`."""
