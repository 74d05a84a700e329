"""One study, from plan to archive; the only place that knows all plug-in families."""
