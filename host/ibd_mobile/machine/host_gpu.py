"""NVIDIA cards of this computer, through NVML, the library that comes with their driver.

NVML is not read by the sampler, so a recorder process keeps files up to date that the sampler
reads as it reads the kernel's. The recorder is this file, run as a program.
"""

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ibd_mobile.core.errors import HostError

#: names another file than the driver's own, for tests and odd installations
LIBRARY_VARIABLE = "IBD_NVML_LIBRARY"
_LIBRARY = "libnvidia-ml.so.1"
_PERIOD_S = 0.02  #: NVML renews power every 20 to 100 ms, by card
_START_S = 10.0
_TEXT_BYTES = 96
_GRAPHICS, _MEMORY = 0, 2  #: NVML's numbers of clocks
_GPU_TEMPERATURE = 0


@dataclass(frozen=True, slots=True)
class Card:
    """One card, as NVML tells of it."""

    index: int
    name: str
    uuid: str
    architecture: int  #: NVML's number: 4 Pascal, 5 Volta, 6 Turing, 7 Ampere …; 0 = not told

    @property
    def power_mean_s(self) -> float:
        """How long its power is a mean over, s: from Ampere on, by NVML's manual."""
        return 1.0 if self.architecture >= 7 else 0.0


class NoNvml(Exception):
    """NVML is not there, or does not answer; the text says why."""


class Nvml:
    """The few functions of NVML that are needed; each raises NoNvml where it fails.

    Raises:
        NoNvml: there is no library or no driver.
    """

    def __init__(self) -> None:
        path = os.environ.get(LIBRARY_VARIABLE, _LIBRARY)
        try:
            self._library = ctypes.CDLL(path)
        except OSError as error:
            raise NoNvml(f"no NVIDIA driver: {error}") from None
        self._call("nvmlInit_v2")

    def cards(self) -> list[Card]:
        """Return all cards, in NVML's order."""
        count = ctypes.c_uint()
        self._call("nvmlDeviceGetCount_v2", ctypes.byref(count))
        found = []
        for index in range(count.value):
            device = self.device(index)
            name = self._text("nvmlDeviceGetName", device)
            uuid = self._text("nvmlDeviceGetUUID", device)
            found.append(Card(index, name, uuid, self._architecture(device)))
        return found

    def _architecture(self, device: ctypes.c_void_p) -> int:
        number = ctypes.c_uint()
        try:
            self._call("nvmlDeviceGetArchitecture", device, ctypes.byref(number))
        except NoNvml:
            return 0
        return number.value

    def device(self, index: int) -> ctypes.c_void_p:
        """Return the handle of a card."""
        device = ctypes.c_void_p()
        self._call("nvmlDeviceGetHandleByIndex_v2", ctypes.c_uint(index), ctypes.byref(device))
        return device

    def readers(self, device: ctypes.c_void_p) -> dict[str, Callable[[], int]]:
        """Return what a card can tell, by sensor id: only what it answers now."""

        def number(name: str, *words: object, wide: bool = False) -> Callable[[], int]:
            def read() -> int:
                value = ctypes.c_ulonglong() if wide else ctypes.c_uint()
                self._call(name, device, *words, ctypes.byref(value))
                return value.value

            return read

        graphics, memory = ctypes.c_uint(_GRAPHICS), ctypes.c_uint(_MEMORY)
        every = {
            "gpu_energy": number("nvmlDeviceGetTotalEnergyConsumption", wide=True),
            "gpu_power": number("nvmlDeviceGetPowerUsage"),
            "gpu_power_limit": number("nvmlDeviceGetEnforcedPowerLimit"),
            "gpu_temperature": number("nvmlDeviceGetTemperature", ctypes.c_uint(_GPU_TEMPERATURE)),
            "gpu_clock": number("nvmlDeviceGetClockInfo", graphics),
            "gpu_memory_clock": number("nvmlDeviceGetClockInfo", memory),
            "gpu_throttle": number("nvmlDeviceGetCurrentClocksThrottleReasons", wide=True),
            "gpu_load": lambda: self._load_pct(device),
        }
        return {id: read for id, read in every.items() if _answers(read)}

    def _load_pct(self, device: ctypes.c_void_p) -> int:
        both = (ctypes.c_uint * 2)()  # of the processor, of the memory
        self._call("nvmlDeviceGetUtilizationRates", device, ctypes.byref(both))
        return int(both[0])

    def _text(self, name: str, device: ctypes.c_void_p) -> str:
        text = ctypes.create_string_buffer(_TEXT_BYTES)
        self._call(name, device, text, ctypes.c_uint(_TEXT_BYTES))
        return text.value.decode("utf-8", errors="replace")

    def _call(self, name: str, *words: object) -> None:
        try:
            function = getattr(self._library, name)
        except AttributeError:
            raise NoNvml(f"{name} is not in this NVML") from None
        status = function(*words)
        if status != 0:
            raise NoNvml(f"{name} ended with {status}")


def cards() -> list[Card]:
    """Return the NVIDIA cards of this computer; none where there is no driver."""
    try:
        return Nvml().cards()
    except NoNvml:
        return []


@contextmanager
def recording(card: Card, folder: Path) -> Iterator[dict[str, Path]]:
    """Keep files up to date that say what a card says, for as long as the context lasts.

    Args:
        card: which one.
        folder: where the files are; made if need be.

    Yields:
        Sensor id -> file with its value in NVML's unit.

    Raises:
        HostError: NVML does not answer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.iterdir():
        stale.unlink()
    words = [sys.executable, "-P", "-m", "ibd_mobile.machine.host_gpu", card.uuid, str(folder)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield _wait(process, card, folder)
        finally:
            process.terminate()


def _wait(process: subprocess.Popen[str], card: Card, folder: Path) -> dict[str, Path]:
    """Return the files as soon as all are there: the last one made says so."""
    deadline_s = time.monotonic() + _START_S
    while not (folder / "ready").is_file():
        if process.poll() is not None or time.monotonic() > deadline_s:
            process.kill()
            said = (process.stderr.read() if process.stderr else "").strip().splitlines()
            why = said[-1] if said else "it did not start"
            raise HostError(
                card.name, f"cannot be recorded: {why}", "See whether `nvidia-smi` works."
            )
        time.sleep(_PERIOD_S)
    return {path.name: path for path in folder.iterdir() if path.name != "ready"}


def _answers(read: Callable[[], int]) -> bool:
    try:
        read()
    except NoNvml:
        return False
    return True


def _record(uuid: str, folder: Path) -> None:
    """Write what a card says into files, again and again, until whoever started this is gone."""
    nvml = Nvml()
    index = next((c.index for c in nvml.cards() if c.uuid == uuid), None)
    if index is None:
        raise NoNvml(f"no card has the UUID {uuid}")
    readers = nvml.readers(nvml.device(index))
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    files = {id: os.open(folder / id, flags, 0o644) for id in readers}
    parent = os.getppid()
    while os.getppid() == parent:
        for id, read in readers.items():
            try:
                text = f"{read():<20d}\n"  # of one width, so that a new value covers the old one
            except NoNvml as error:
                text = f"!{error}"[:20].ljust(20) + "\n"  # the sampler's table shows it as it is
            os.pwrite(files[id], text.encode(), 0)
        if not (folder / "ready").is_file():
            (folder / "ready").touch()
        time.sleep(_PERIOD_S)


if __name__ == "__main__":
    try:
        _record(sys.argv[1], Path(sys.argv[2]))
    except NoNvml as problem:
        sys.exit(str(problem))
