"""The build hook: what it compiles, what it keeps, and what it says when it cannot."""

import hashlib
import importlib.util
import json
import shutil
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest

from ibd_mobile.core.payload import payload

ROOT = Path(__file__).parents[2]
PACKAGE = payload("linux-x86_64", "ibd_bench").parents[1]

needs_hatchling = pytest.mark.skipif(
    importlib.util.find_spec("hatchling") is None, reason="hatchling is not installed"
)
pytestmark = needs_hatchling


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Its dataclasses look themselves up there.
    sys.modules["hatch_build"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for ziglang, found by `python -m`: counts its calls and "compiles" by hashing."""
    package = tmp_path / "site" / "ziglang"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(
        "import hashlib, pathlib, sys, time\n"
        "words = sys.argv[1:]\n"
        "if words == ['version']:\n"
        "    print('9.9.9')\n"
        "    raise SystemExit\n"
        "log = pathlib.Path(__file__).parent / 'calls'\n"
        "with log.open('a') as file:\n"
        "    file.write(' '.join(words) + '\\n')\n"
        "sources = [word for word in words if word.endswith(('.c', '.cc'))]\n"
        "text = ''.join(pathlib.Path(source).read_text() for source in sources)\n"
        "if '#error' in text:\n"
        "    sys.exit('main.c:1:2: error: told to')\n"
        "time.sleep(0.05)\n"
        "made = pathlib.Path(words[words.index('-o') + 1])\n"
        "made.write_bytes(hashlib.sha256((text + str(words[:20])).encode()).digest())\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    return package / "calls"


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A tree of the same shape as device_payloads, small."""
    root = tmp_path / "device_payloads"
    for folder in ("core", "include/ibd", "peak", "sampler", "bench/engines/litert"):
        (root / folder).mkdir(parents=True)
    for name in ("core/one.c", "peak/main.c", "sampler/main.c", "bench/main.cc"):
        (root / name).write_text(f"// {name}\n")
    for name in ("absent", "library", "litert", "tensors"):
        (root / f"bench/engines/litert/{name}.cc").write_text(f"// {name}\n")
    return root


def calls(compiler: Path) -> int:
    return len(compiler.read_text().splitlines()) if compiler.is_file() else 0


def test_the_programs_in_the_package_are_those_of_these_sources(hook: ModuleType) -> None:
    manifest = json.loads((PACKAGE / "manifest.json").read_text())
    expected = hook.hash_sources(ROOT / "device_payloads")
    assert manifest["sources_sha256"] == expected, "compile them again: pip install -e ."
    for platform in hook.PLATFORMS:
        for name, about in manifest[platform.name].items():
            content = (PACKAGE / platform.name / name).read_bytes()
            assert about["bytes"] == len(content)
            assert about["sha256"] == hashlib.sha256(content).hexdigest()


def test_every_source_file_is_compiled_into_some_program(hook: ModuleType) -> None:
    root = ROOT / "device_payloads"
    compiled = {source for program in hook.programs(root) for source in program.sources}
    present = {
        path.relative_to(root).as_posix()
        for folder in ("bench", "core", "peak", "sampler")
        for suffix in ("*.c", "*.cc")
        for path in (root / folder).rglob(suffix)
    }
    assert compiled == present


def test_cmake_and_the_hook_know_the_same_sources(hook: ModuleType) -> None:
    root = ROOT / "device_payloads"
    text = (root / "CMakeLists.txt").read_text()
    for program in hook.programs(root):
        for source in program.sources:
            assert source in text, f"{source} is not in CMakeLists.txt"


def test_programs_have_no_path_of_this_computer_in_them() -> None:
    for path in sorted(PACKAGE.glob("*/ibd_*")):
        content = path.read_bytes()
        assert str(ROOT).encode() not in content
        assert b"/.cache/" not in content


def test_programs_are_small(hook: ModuleType) -> None:
    for path in sorted(PACKAGE.glob("*/ibd_*")):
        assert path.stat().st_size < 200_000, path


def test_nothing_is_compiled_twice(
    hook: ModuleType, compiler: Path, sources: Path, tmp_path: Path
) -> None:
    first = hook.build_payloads(sources, tmp_path / "one", tmp_path / "cache")
    assert calls(compiler) == 9
    second = hook.build_payloads(sources, tmp_path / "two", tmp_path / "cache")
    assert calls(compiler) == 9
    assert first == second
    assert (tmp_path / "two" / "android-arm64" / "ibd_sampler").stat().st_mode & stat.S_IXUSR


def test_a_changed_header_compiles_everything_again(
    hook: ModuleType, compiler: Path, sources: Path, tmp_path: Path
) -> None:
    hook.build_payloads(sources, tmp_path / "one", tmp_path / "cache")
    (sources / "include/ibd/new.h").write_text("// new\n")
    hook.build_payloads(sources, tmp_path / "one", tmp_path / "cache")
    assert calls(compiler) == 18


def test_two_builds_at_once_both_end_whole(
    hook: ModuleType, compiler: Path, sources: Path, tmp_path: Path
) -> None:
    folders = [tmp_path / f"package-{k}" for k in range(3)]
    with ThreadPoolExecutor(3) as pool:
        manifests = list(
            pool.map(
                lambda folder: hook.build_payloads(sources, folder, tmp_path / "cache"), folders
            )
        )
    assert manifests[0] == manifests[1] == manifests[2]
    left = [path.name for path in (tmp_path / "cache").iterdir() if "making" in path.name]
    assert left == []


def test_a_platform_that_is_gone_leaves_the_package(
    hook: ModuleType, compiler: Path, sources: Path, tmp_path: Path
) -> None:
    package = tmp_path / "package"
    (package / "linux-mips").mkdir(parents=True)
    hook.build_payloads(sources, package, tmp_path / "cache")
    names = {path.name for path in package.iterdir()}
    assert names == {"linux-x86_64", "linux-aarch64", "android-arm64", "manifest.json"}


def test_a_compiler_error_is_shown_with_its_program(
    hook: ModuleType, compiler: Path, sources: Path, tmp_path: Path
) -> None:
    (sources / "sampler/main.c").write_text("#error\n")
    with pytest.raises(hook.PayloadBuildError) as caught:
        hook.build_payloads(sources, tmp_path / "package", tmp_path / "cache")
    text = str(caught.value)
    assert "ibd_sampler for linux-x86_64 does not compile (zig cc, exit status 1)" in text
    assert "main.c:1:2: error: told to" in text


def test_a_missing_compiler_is_named_with_its_remedy(
    hook: ModuleType, compiler: Path, sources: Path, tmp_path: Path
) -> None:
    (compiler.parent / "__main__.py").write_text("import sys; sys.exit('no zig here')\n")
    with pytest.raises(hook.PayloadBuildError) as caught:
        hook.build_payloads(sources, tmp_path / "package", tmp_path / "cache")
    assert "no zig here" in str(caught.value)
    assert "pip install ziglang" in str(caught.value)


@pytest.fixture
def project(tmp_path: Path, sources: Path) -> Path:
    """A project with our hook and next to nothing else."""
    root = sources.parent
    package = root / "host" / "ibd_mobile"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (root / "models").mkdir()
    (root / "models" / "one.toml").write_text("x = 1\n")
    (root / ".gitignore").write_text("/host/ibd_mobile/payloads/\n")
    shutil.copy(ROOT / "hatch_build.py", root)
    (root / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "ibd-mobile"\nversion = "1"\nrequires-python = ">=3.11"\n'
        '[tool.hatch.build.hooks.custom]\npath = "hatch_build.py"\n'
        '[tool.hatch.build.targets.wheel]\npackages = ["host/ibd_mobile"]\n'
        'dev-mode-dirs = ["host"]\n'
    )
    return root


def build(project: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names in the wheel that the standard interface for build front ends makes."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(project / "cache"))
    words = "import sys, hatchling.build as b; print(getattr(b, sys.argv[1])('dist'))"
    done = subprocess.run(
        [sys.executable, "-c", words, kind],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    wheel = done.stdout.split()[-1]
    assert wheel == "ibd_mobile-1-py3-none-any.whl"
    listed = subprocess.run(
        [sys.executable, "-m", "zipfile", "-l", f"dist/{wheel}"],
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.split()[0] for line in listed.stdout.splitlines()[1:]]


def test_a_wheel_has_the_programs_and_the_models(
    compiler: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = build(project, "build_wheel", monkeypatch)
    for platform in ("linux-x86_64", "linux-aarch64", "android-arm64"):
        for program in ("ibd_bench", "ibd_peak", "ibd_sampler"):
            assert f"ibd_mobile/payloads/{platform}/{program}" in names
    assert "ibd_mobile/payloads/manifest.json" in names
    assert "ibd_mobile/models/one.toml" in names


def test_an_editable_install_finds_both_in_the_source_tree(
    compiler: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = build(project, "build_editable", monkeypatch)
    assert not [name for name in names if "payloads" in name or "models" in name]
    assert any(name.endswith(".pth") for name in names)
    made = project / "host/ibd_mobile/payloads"
    assert (made / "linux-x86_64" / "ibd_bench").is_file()
    assert (made / "manifest.json").is_file()


def test_a_build_that_fails_says_why_on_the_terminal(
    compiler: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "device_payloads/bench/main.cc").write_text("#error\n")
    monkeypatch.setenv("XDG_CACHE_HOME", str(project / "cache"))
    done = subprocess.run(
        [sys.executable, "-c", "import hatchling.build as b; b.build_wheel('dist')"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "ibd_bench for linux-x86_64 does not compile" in said
    assert "error: told to" in said
    assert "Traceback" not in said


@pytest.mark.skipif(importlib.util.find_spec("ziglang") is None, reason="ziglang is not installed")
def test_the_same_sources_give_the_same_bytes_anywhere(hook: ModuleType, tmp_path: Path) -> None:
    """The bytes are those in the package, though the sources lie in another folder here."""
    copy = tmp_path / "elsewhere" / "device_payloads"
    shutil.copytree(ROOT / "device_payloads", copy)
    program = next(
        one
        for one in hook.programs(copy)
        if (one.name, one.platform.name) == ("ibd_bench", "linux-x86_64")
    )
    # Zig's own libc stubs may come from the user's cache; the program's objects do not.
    cache = tmp_path / "cache"
    cache.mkdir()
    shared = hook.cache_folder() / "zig"
    if shared.is_dir():
        (cache / "zig").symlink_to(shared)
    hook.compile_program(program, copy, cache, tmp_path / "made")
    assert (tmp_path / "made").read_bytes() == (PACKAGE / "linux-x86_64/ibd_bench").read_bytes()
