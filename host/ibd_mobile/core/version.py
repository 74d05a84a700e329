"""The version of this package, as it is filed with every record."""

import importlib.metadata

try:
    VERSION = importlib.metadata.version("ibd-mobile")
except importlib.metadata.PackageNotFoundError:  # imported from a checkout that is not installed
    VERSION = "0+unknown"
