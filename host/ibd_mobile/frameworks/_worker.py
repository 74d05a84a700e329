"""Frameworks on a host: which Python has the library, and how the worker is started in it.

Libraries fight over their dependencies (tflite-runtime wants numpy 1, others numpy 2), so each
framework may have a Python of its own. It is looked for in this order: the one that a person
names, the one that this program runs in, the environment that was made for the framework.
"""

import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import platformdirs

from ibd_mobile.core.device import Deployment
from ibd_mobile.core.environment import Needs, make
from ibd_mobile.core.errors import HostError
from ibd_mobile.core.seams import BroughtFile, Invocation, Order
from ibd_mobile.machine.host_cpu import pick_cpus

#: starts a worker under any Python
LAUNCH = Path(__file__).parents[1] / "workers" / "launch.py"
_TIMEOUT_S = 60.0
#: asks a Python for its version and for those of distributions
_ASK = """\
import importlib.metadata as m, json, sys
found = {}
for name in sys.argv[1:]:
    try: found[name] = m.version(name)
    except m.PackageNotFoundError: pass
print(json.dumps([list(sys.version_info[:2]), found]))"""
_LEAST_PYTHON = (3, 11)


@dataclass(frozen=True, slots=True)
class Worker:
    """A measured program on a host and the library that it needs.

    Args:
        framework: its id; the part of a variable's name that names its Python.
        module: of `workers/`.
        distributions: each of them holds the library; the first one there counts.
        needs: what an environment made for it holds.
        advice: a limit to know of, or another way to get it, as the end of a sentence.
        options: KEY=VALUE for the engine.
        builds_engines: it keeps what it has built for a card in a folder of its own.
    """

    framework: str
    module: str
    distributions: tuple[str, ...]
    needs: Needs
    advice: str = ""
    options: tuple[str, ...] = ()
    builds_engines: bool = False

    @property
    def variable(self) -> str:
        """Name of the environment variable that may name its Python."""
        return f"IBD_PYTHON_{self.framework.upper()}"

    def missing_reason(self, deployment: Deployment) -> str:
        """Say what it lacks to run on this computer, or "" if it can run."""
        if deployment == "mobile":
            return f"{self.framework} runs on hosts only"
        found = self.find()
        return found if isinstance(found, str) else ""

    def invocation(self, order: Order) -> Invocation:
        """Say which files to bring and which command measures.

        Raises:
            HostError: no Python has the library.
        """
        found = self.find()
        if isinstance(found, str):
            raise HostError(self.framework, found, "Run `ibd-mobile doctor` to see what is there.")
        python, version = found
        argv = [python, "-P", str(LAUNCH), self.module, *words(order)]
        argv += ["--cpus", ",".join(map(str, pick_cpus(order.job.threads)))]
        for option in self._options(order):
            argv += ["--option", option]
        return Invocation(files=data(order), argv=argv, framework_version=version)

    def _options(self, order: Order) -> list[str]:
        options = [*self.options, f"precision={order.job.precision}"]
        if self.builds_engines:
            options.append(f"cache={Path(platformdirs.user_cache_dir('ibd-mobile')) / 'engines'}")
        if order.card:
            options.append(f"card={order.card}")
        return options

    def find(self) -> tuple[str, str] | str:
        """Return a Python and "distribution version", or why there is none."""
        named = os.environ.get(self.variable, "")
        reason = ""
        for python in [named] if named else _pythons(self.framework):
            version = _version(python, self.distributions)
            if version.startswith("!"):
                reason = reason or version[1:]
            elif version:
                return python, version
        if reason:
            return reason
        wanted = self.distributions[0]
        if named:
            return f"{named}, which {self.variable} names, has no package {wanted}"
        made = f"`ibd-mobile doctor --prepare {self.framework}` makes a Python that has it"
        return "; ".join(
            part for part in (f"the package {wanted} is not installed", made, self.advice) if part
        )

    def prepare(self) -> Path:
        """Make an environment that has the library, and return its Python.

        Raises:
            InputError: what it needs cannot be installed.
            HostError: uv is not installed.
        """
        return make(environment(self.framework), self.needs)


def words(order: Order) -> list[str]:
    """Say an order in the words that native `ibd_bench` and the workers share."""
    job = order.job
    words = ["--model", "{model}", "--model-sha256", job.artifact_sha256, "--journal", "{journal}"]
    words += ["--accelerator", job.processor, "--threads", str(job.threads)]
    words += ["--batch", str(job.batch), "--nonce", "{nonce}", "--outputs", "{folder}"]
    if order.dataset_file is not None:
        return [*words, "--dataset", "{dataset}", "--count", str(order.dataset_count)]
    words += ["--warmup", str(order.warmup_runs), "--runs", str(order.timed_runs)]
    return [*words, "--power-s", f"{order.power_s:g}", "--seed", str(job.seed)]


def data(order: Order) -> list[BroughtFile]:
    """Name the model, and the data set of an accuracy job."""
    files = [BroughtFile(role="model", source=order.model_file)]
    if order.dataset_file is not None:
        files.append(BroughtFile(role="dataset", source=order.dataset_file))
    return files


def environment(framework: str) -> Path:
    """Return where the environment that is made for a framework lies, there or not."""
    return Path(platformdirs.user_data_dir("ibd-mobile")) / "environments" / framework


def _pythons(framework: str) -> Iterator[str]:
    yield sys.executable
    own = environment(framework) / "bin" / "python"
    if own.is_file():
        yield str(own)


def _version(python: str, distributions: tuple[str, ...]) -> str:
    """Return "distribution version" of the first that is there, "", or "!" and what failed."""
    if python == sys.executable:
        for name in distributions:
            try:
                return f"{name} {importlib.metadata.version(name)}"
            except importlib.metadata.PackageNotFoundError:
                continue
        return ""
    return _version_elsewhere(python, distributions)


@lru_cache
def _version_elsewhere(python: str, distributions: tuple[str, ...]) -> str:
    try:
        said = subprocess.run(
            [python, "-c", _ASK, *distributions],
            capture_output=True, text=True, check=True, timeout=_TIMEOUT_S,
        )  # fmt: skip
        python_version, found = json.loads(said.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return f"!{python} cannot be asked what it has: {error}"
    if tuple(python_version) < _LEAST_PYTHON:
        return f"!{python} is older than Python 3.11, which workers need"
    return next((f"{name} {found[name]}" for name in distributions if name in found), "")
