"""Nothing here is a test; scripts that made the data need libraries that tests do without."""

collect_ignore_glob = ["*"]
