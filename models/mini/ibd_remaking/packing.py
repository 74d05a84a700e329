"""Archives that say nothing but their content: compressed, without dates."""

import zipfile
from pathlib import Path


def pack(path: Path, *, stored: tuple[str, ...] = ()) -> None:
    """Write a zip archive again, in place, compressed and with the same date for all.

    Args:
        path: of the archive; its name may differ from the folder inside.
        stored: members whose path contains one of these stay as they are, to be mapped into memory.
    """
    part = path.with_name(f"{path.name}.part")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(part, "w") as new:
        for info in old.infolist():
            member = zipfile.ZipInfo(info.filename)
            is_stored = any(word in info.filename for word in stored)
            member.compress_type = zipfile.ZIP_STORED if is_stored else zipfile.ZIP_DEFLATED
            new.writestr(member, old.read(info))
    part.replace(path)
