"""Where the programs and data that travel with this package lie."""

from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


def payload(platform: str, program: str) -> Path:
    """Return where a native program for a platform lies, whether it was built or not.

    Args:
        platform: "linux-x86_64", "linux-aarch64" or "android-arm64".
        program: "ibd_bench", "ibd_sampler" or "ibd_peak".
    """
    return _PACKAGE / "payloads" / platform / program


def models_folder() -> Path:
    """Return the folder of models: in the wheel inside the package, in a checkout beside it."""
    inside = _PACKAGE / "models"
    return inside if inside.is_dir() else _PACKAGE.parent.parent / "models"
