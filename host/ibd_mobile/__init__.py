"""Measure DNN inference on phones and hosts, with numbers one can defend.

`ibd_mobile.load("runs/…")` gives a run, or a folder of runs, as pandas frames; see
`ibd_mobile.results.frames.Frames`.
"""

__all__ = ["load"]


def __getattr__(name: str) -> object:
    """Import what is asked for, and nothing before: the command line starts here too."""
    if name != "load":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return importlib.import_module(f"{__name__}.results.frames").load
