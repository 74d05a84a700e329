"""The command line starts fast: nothing heavy is loaded to print help."""

import subprocess
import sys

HEAVY = {
    "numpy", "pandas", "duckdb", "matplotlib", "adbutils", "uiautomator2", "msgspec", "rich",
    "PIL", "ai_edge_litert", "tflite_runtime", "jinja2",
}  # fmt: skip


def test_help_loads_no_heavy_library() -> None:
    script = (
        "import sys; sys.argv = ['ibd-mobile', '--help']\n"
        "from ibd_mobile.cli.app import main\n"
        "try: main()\n"
        "except SystemExit as end: assert end.code == 0, end.code\n"
        "print('LOADED', *sorted({m.split('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.rpartition("LOADED")[2].split())
    assert not loaded & HEAVY
    assert "run" in done.stdout
