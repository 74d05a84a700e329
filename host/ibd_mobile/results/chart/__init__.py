"""Charts as SVG, for a page and as files; the only place that imports matplotlib."""
