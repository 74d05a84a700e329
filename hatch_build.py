"""Build hook: compiles the native payloads with zig and puts them into the package.

The programs run on phones and hosts other than this computer, so to pip they are data: the wheel
stays `py3-none-any`. A program is compiled once per content of its sources, compiler and flags,
and kept in the user's cache; the same sources give the same bytes anywhere.
"""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = "device_payloads"
PACKAGE = "host/ibd_mobile/payloads"

FLAGS = (
    "-O2",
    "-g0",
    "-s",  # no symbols: they would name nothing that a user can look up
    "-D_GNU_SOURCE",
    "-Iinclude",
    "-fno-sanitize=undefined",  # zig's default; the sanitizer builds are CMake's
    "-fno-exceptions",
    "-fno-rtti",
    "-fno-threadsafe-statics",
    "-Wno-unused-command-line-argument",  # some of these are for one of the two languages
    "-Wl,--build-id=none",
)


@dataclass(frozen=True)
class Platform:
    """What a program is compiled for.

    `glibc ≥ 2.31` is Debian 11 and Ubuntu 20.04. On Android everything is static: such a program
    runs on any kernel, and in exchange cannot load a library.
    """

    name: str
    triple: str  # as zig names it
    is_static: bool

    def flags(self) -> tuple[str, ...]:
        """The compiler's words for this platform."""
        return ("-target", self.triple, "-static" if self.is_static else "-ldl")


PLATFORMS = (
    Platform("linux-x86_64", "x86_64-linux-gnu.2.31", is_static=False),
    Platform("linux-aarch64", "aarch64-linux-gnu.2.31", is_static=False),
    Platform("android-arm64", "aarch64-linux-musl", is_static=True),
)


class PayloadBuildError(Exception):
    """The payloads cannot be compiled; the text says why and what to do."""


@dataclass(frozen=True)
class Program:
    """One program for one platform: everything that decides its bytes."""

    name: str
    platform: Platform
    sources: tuple[str, ...]  # relative to device_payloads
    flags: tuple[str, ...]

    def key(self, sources_sha256: str, compiler: str) -> str:
        """Under which it is cached."""
        text = json.dumps([self.name, self.sources, self.flags, sources_sha256, compiler])
        return hashlib.sha256(text.encode()).hexdigest()


def programs(root: Path) -> list[Program]:
    """All programs for all platforms."""
    shared = [f"core/{path.name}" for path in sorted((root / "core").glob("*.c"))]
    sampler = [f"sampler/{path.name}" for path in sorted((root / "sampler").glob("*.c"))]
    bench = [
        path.relative_to(root).as_posix()
        for path in sorted((root / "bench").rglob("*.cc"))
        if path.parent.name != "litert"
    ]
    found = []
    for platform in PLATFORMS:
        litert = ["absent.cc"] if platform.is_static else ["library.cc", "litert.cc", "tensors.cc"]
        engine = [f"bench/engines/litert/{name}" for name in litert]
        flags = (*FLAGS, *platform.flags())
        found.append(Program("ibd_sampler", platform, (*shared, *sampler), flags))
        found.append(Program("ibd_peak", platform, ("peak/main.c",), (*flags, "-lpthread")))
        found.append(
            Program("ibd_bench", platform, (*shared, *bench, *engine), (*flags, "-Ibench"))
        )
    return found


def hash_sources(root: Path) -> str:
    """SHA-256 over names and contents of everything that a program is made of."""
    digest = hashlib.sha256()
    for folder in ("bench", "core", "include", "peak", "sampler"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in {".c", ".cc", ".h"}:
                content = path.read_bytes()
                digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode())
                digest.update(content)
    return digest.hexdigest()


def cache_folder() -> Path:
    """Where compiled programs are kept between builds, of this user."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "ibd-mobile" / "payloads"


def compiler_version() -> str:
    """The compiler, as the manifest names it."""
    try:
        words = [sys.executable, "-m", "ziglang", "version"]
        done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=120)
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        raise PayloadBuildError(
            f"the native payloads are compiled with ziglang, which does not run:\n{said.strip()}\n"
            "Install it (pip install ziglang), or build with build isolation, which does it."
        ) from error
    return f"zig {done.stdout.strip()}"


def compile_program(program: Program, root: Path, cache: Path, path: Path) -> None:
    """Compile into `path`, which appears only when it is whole."""
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="making-") as folder:
        made = Path(folder) / program.name
        # Relative names and the map keep this computer's paths out of the program.
        words = [sys.executable, "-m", "ziglang", "cc", *program.flags]
        words += [f"-ffile-prefix-map={root}=.", *program.sources, "-o", str(made)]
        zig = str(cache / "zig")
        environment = {"ZIG_GLOBAL_CACHE_DIR": zig, "ZIG_LOCAL_CACHE_DIR": zig, **os.environ}
        done = subprocess.run(
            words, cwd=root, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0 or not made.is_file():
            raise PayloadBuildError(
                f"{program.name} for {program.platform.name} does not compile "
                f"(zig cc, exit status {done.returncode}):\n{done.stderr.strip()}\n"
                f"Compiler output above; the sources are in {root}."
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):  # a build beside this one was first
            os.link(made, path)


def publish(content: bytes, path: Path) -> None:
    """Write a file so that a reader sees the old one or the new one; keep one that is equal."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(name).chmod(0o755 if path.suffix == "" else 0o644)
    Path(name).replace(path)


def build_payloads(root: Path, package: Path, cache: Path) -> dict[str, Any]:
    """Compile what is not cached, and fill the package's folder.

    Args:
        root: device_payloads.
        package: the package's payloads folder; other platforms' leftovers in it are removed.
        cache: see `cache_folder`.

    Returns:
        The manifest, as written to manifest.json.

    Raises:
        PayloadBuildError: with the compiler's own words.
    """
    compiler = compiler_version()
    sources_sha256 = hash_sources(root)
    wanted = programs(root)
    kept = {program: cache / program.key(sources_sha256, compiler) for program in wanted}
    missing = [program for program in wanted if not kept[program].is_file()]
    # Two at a time: each zig already uses every core for its own libc.
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(lambda one: compile_program(one, root, cache, kept[one]), missing))
    manifest: dict[str, Any] = {"schema": 1}
    for program in wanted:
        content = kept[program].read_bytes()
        publish(content, package / program.platform.name / program.name)
        manifest.setdefault(program.platform.name, {})[program.name] = {
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
        }
    manifest |= {"sources_sha256": sources_sha256, "compiler": compiler}
    publish((json.dumps(manifest, indent=1) + "\n").encode(), package / "manifest.json")
    for folder in package.iterdir():
        if folder.is_dir() and folder.name not in manifest and folder.name != "__pycache__":
            shutil.rmtree(folder)
    return manifest


class PayloadBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """What hatchling calls before it makes a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and name what goes into the wheel beyond the tracked files."""
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        try:
            build_payloads(root / SOURCES, root / PACKAGE, cache_folder())
        except PayloadBuildError as error:
            self.app.abort(f"\nibd-mobile: {error}")
        build_data["artifacts"].append(f"/{PACKAGE}/*")
        # An editable install finds models/ in the source tree.
        if version != "editable" and (root / "models").is_dir():
            build_data["force_include"][str(root / "models")] = "ibd_mobile/models"
