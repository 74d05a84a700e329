"""Recognising a machine: evidence first, then the catalog's rules; no model is named here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ibd_mobile.core.context import Identity
from ibd_mobile.core.device import Device, Phone
from ibd_mobile.core.errors import PhoneError
from ibd_mobile.core.recognise import identify
from ibd_mobile.core.seams import Link
from ibd_mobile.machine.link import RootLink

_TIMEOUT_S = 30.0
_LOADERS = {
    "/lib64/ld-linux-x86-64.so.2": "x86_64",
    "/lib/ld-linux-aarch64.so.1": "aarch64",
}
_BIONIC_LOADER = "/system/bin/linker64"
#: all that tells make, build and SoC; a phone's other properties change by the minute
_TOLD = re.compile(
    r"^(ro\.(product|board|hardware|soc|build|boot\.hardware|vendor\.(product|build)|arch|chipname"
    r"|bootloader|debuggable|secure|kernel\.qemu|ibd|config\.cpu_info_display|opengles)(\.|$)"
    r"|ro\.(chipname|arch)$|gsm\.version\.baseband$)"
)
#: what Android's own properties tell better
_OF_HOSTS = ("host.processor", "host.isa", "host.cpus", "host.cpuinfo_max_freq")
#: one line "key=value" for each host property, "+path" for each loader that is there
_SCRIPT = """\
echo "host.system=$(uname -s)";echo "host.machine=$(uname -m)";echo "host.kernel=$(uname -r)"
echo "host.uid=$(id -u)"
m= i=;while IFS= read -r l;do case $l in 'model name'*|Hardware*)
[ "$m" ]||echo "host.processor=${l#*: }";m=1;;flags*|Features*)
[ "$i" ]||echo "host.isa=${l#*: }";i=1;;esac;[ "$m$i" = 11 ]&&break;done </proc/cpuinfo
echo "host.cpus=$(nproc 2>/dev/null)"
for k in cpuinfo_max_freq scaling_governor;do
{ IFS= read -r v;} 2>/dev/null </sys/devices/system/cpu/cpu0/cpufreq/$k&&echo "host.$k=$v";done
IFS= read -r b </proc/sys/kernel/random/boot_id;echo "host.boot_id=$b"
for f;do [ -e "$f" ]&&echo "+$f";done
command -v getprop >/dev/null&&getprop"""


#: of all that a processor can do, what decides how fast it multiplies
_ISA = frozenset(
    [
        "sse4_2", "avx", "f16c", "fma", "avx2", "avx512f", "avx512_vnni", "avx_vnni",
        "avx512_bf16", "avx512_fp16", "amx_bf16", "amx_int8", "amx_fp16", "asimd", "asimdhp",
        "asimddp", "i8mm", "bf16", "sve", "sve2",
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a machine told of itself, in one command."""

    properties: dict[str, str]  #: Android's and the host's
    files: frozenset[str]  #: which of the loaders are there

    @property
    def is_android(self) -> bool:
        """Whether it has Android's properties."""
        return any(name.startswith("ro.") for name in self.properties)


def probe(link: Link, devices: Mapping[str, Device], phones: Mapping[str, Phone]) -> Identity:
    """Recognise a machine by the catalog.

    Args:
        link: the machine.
        devices: by id.
        phones: by id.

    Returns:
        Its identity; `device` and `phone` are "" where the catalog does not know them.

    Raises:
        PhoneError: no program of ours runs there.
        PhoneGone, PayloadTimeout: as `Link.run`.
    """
    evidence = gather(link)
    device, phone = identify(evidence.properties, devices, phones)
    told = {k: v for k, v in evidence.properties.items() if _is_telling(k, evidence.is_android)}
    return Identity(
        # an adb serial over the network is an address, which changes; the phone's own does not
        serial=evidence.properties.get("ro.serialno") or link.name,
        platform=platform(link.name, evidence),
        device=device.id if device else "",
        phone=phone.id if phone else "",
        boot_id=evidence.properties.get("host.boot_id", ""),
        is_simulated=is_simulated(evidence.properties),
        is_root=evidence.properties.get("host.uid") == "0"
        or (evidence.is_android and isinstance(link, RootLink) and link.is_root_available()),
        properties=told,
    )


def platform_of(link: Link) -> str:
    """Tell which payloads run on a machine: "linux-x86_64", "linux-aarch64", "android-arm64".

    Raises:
        PhoneError: none does.
        PhoneGone, PayloadTimeout: as `Link.run`.
    """
    return platform(link.name, gather(link))


def gather(link: Link) -> Evidence:
    """Ask a machine for all that recognition needs, in one command.

    Raises:
        PhoneGone, PayloadTimeout: as `Link.run`.
    """
    words = ["sh", "-c", _SCRIPT, "sh", *_LOADERS, _BIONIC_LOADER]
    text = link.run(words, timeout_s=_TIMEOUT_S, check=False).output
    lines = text.splitlines()
    host = dict(line.split("=", 1) for line in lines if re.match(r"host\.\w+=", line))
    if "host.isa" in host:
        host["host.isa"] = " ".join(f for f in host["host.isa"].split() if f in _ISA)
    return Evidence(
        properties={k: v.strip() for k, v in host.items()} | parse_getprop(text),
        files=frozenset(line[1:] for line in lines if line.startswith("+/")),
    )


def parse_getprop(text: str) -> dict[str, str]:
    r"""Read what `getprop` lists; a value may go over several lines.

    >>> parse_getprop("[ro.a]: [1]\n[ro.b]: [two\nlines]\n")
    {'ro.a': '1', 'ro.b': 'two\nlines'}
    """
    return dict(re.findall(r"^\[([^\]\n]+)\]: \[((?:[^\n]|\n(?!\[))*?)\]$", text, re.MULTILINE))


def platform(subject: str, evidence: Evidence) -> str:
    """Tell the platform from the loaders that are there, not from what the machine is called.

    A phone has bionic's loader alone; where glibc's is there too, glibc programs run.

    Raises:
        PhoneError: neither is there.
    """
    machine = evidence.properties.get("host.machine", "")
    arches = [arch for path, arch in _LOADERS.items() if path in evidence.files]
    if arches:
        return f"linux-{machine if machine in arches else arches[0]}"
    is_arm = machine in ("aarch64", "armv8l")  # a 32-bit shell on a 64-bit kernel says the latter
    if _BIONIC_LOADER in evidence.files and is_arm:
        return "android-arm64"
    raise PhoneError(
        subject,
        f"runs none of our programs: machine '{machine}', no loader that is known",
        "Needed is 64-bit Android on ARM, or Linux with glibc on x86-64 or ARM.",
    )


def is_simulated(properties: Mapping[str, str]) -> bool:
    """Tell whether it is a simulated phone, or an emulator."""
    return "1" in (properties.get("ro.ibd.simulated"), properties.get("ro.kernel.qemu"))


def _is_telling(name: str, is_android: bool) -> bool:
    if name.startswith("host."):
        return name not in ("host.boot_id", "host.uid") and not (is_android and name in _OF_HOSTS)
    return bool(_TOLD.match(name))
