"""The files of a phone: what stands where before any program runs."""

import gzip
import os
import random
import shutil
from pathlib import Path
from typing import Any

from ibd_mobile.sim import proc, program
from ibd_mobile.sim.knobs import Knobs
from ibd_mobile.sim.profile import Cluster, Profile
from ibd_mobile.sim.screen import Screen

_USERLAND = Path(__file__).parent / "userland"
_MS_RDONLY_NOSUID_NODEV = 0x1 | 0x2 | 0x4
_MS_NOSUID_NODEV = 0x2 | 0x4
_SHELL = 2000
_SYSTEM = 1000


class Plan:
    """Collects the tree; `as_dict` is what the phone's first process builds from.

    Args:
        profile: the kind of phone.
        knobs: its state.
        mount_point: empty folder on this computer to mount the tree on.
        userdata: folder on this computer that is the phone's /data.
        boot_id: of the boot at hand.
    """

    def __init__(
        self, profile: Profile, knobs: Knobs, mount_point: Path, userdata: Path, boot_id: str
    ) -> None:
        self._profile = profile
        self._knobs = knobs
        self._mount_point = mount_point
        self._userdata = userdata
        self._boot_id = boot_id
        self._folders: list[tuple[str, int, int]] = []
        self._files: dict[str, tuple[int, int, str]] = {}
        self._links: dict[str, str] = {}
        self._copies: list[tuple[str, str, int]] = []
        self._binds: list[tuple[str, str, int]] = []
        self._masks: list[tuple[str, str]] = []
        self._live: list[str] = []

    def as_dict(self) -> dict[str, Any]:
        """Lay out everything and return it as plain data."""
        self._add_skeleton()
        self._add_host_libraries()
        self._add_programs()
        self._add_properties()
        self._add_accounts()
        self._add_proc()
        self._add_processor()
        self._add_nodes()
        limited_bytes = self._knobs.data_free_bytes
        if not limited_bytes:
            self._binds.append((str(self._userdata), "/data", _MS_NOSUID_NODEV))
        return {
            "mount_point": str(self._mount_point),
            "folders": self._folders,
            "files": [(path, *rest) for path, rest in self._files.items()],
            "links": list(self._links.items()),
            "copies": self._copies,
            "binds": self._binds,
            "masks": self._masks,
            "live": self._live,
            "sealed": ["/system"],
            "data_size_bytes": limited_bytes,
            "data_folders": data_folders(),
        }

    def _file(self, path: str, text: str, mode: int = 0o644, uid: int = 0) -> None:
        self._files[path] = (mode, uid, text)

    def _live_file(self, path: str, text: str, mode: int = 0o444) -> None:
        self._file(path, text, mode)
        self._live.append(path)

    def _add_skeleton(self) -> None:
        for path, mode, uid in [
            ("/data", 0o771, _SYSTEM),
            ("/proc", 0o555, 0),
            ("/mnt", 0o755, 0),
            ("/mnt/full", 0o700, 0),
            ("/storage", 0o755, 0),
            ("/system/etc", 0o755, 0),
            ("/vendor/bin", 0o755, 0),
            ("/apex", 0o755, 0),
            ("/acct", 0o755, 0),
            ("/config", 0o555, 0),
            ("/dev/pts", 0o755, 0),
            ("/dev/shm", 0o1777, 0),  # noqa: S108  the phone's own
            ("/dev/socket", 0o755, 0),
            ("/dev/.sim", 0o755, 0),
            ("/dev/.sim/property", 0o777, 0),
            ("/dev/.sim/listing", 0o777, 0),
            ("/dev/.sim/battery_override", 0o777, 0),
            ("/dev/.sim/affinity", 0o777, 0),
            ("/dev/.sim/log", 0o777, 0),
            ("/dev/.sim/wish", 0o777, 0),
            ("/sys/kernel/debug", 0o755, 0),
        ]:
            self._folders.append((path, mode, uid))
        self._links |= {
            "/bin": "/system/bin",
            "/etc": "/system/etc",
            "/sdcard": "/storage/self/primary",
            "/storage/self/primary": "/storage/emulated/0",
            "/storage/emulated": "/data/media",
            "/d": "/sys/kernel/debug",
            "/dev/ptmx": "pts/ptmx",
            "/dev/fd": "/proc/self/fd",
            "/dev/stdin": "/proc/self/fd/0",
            "/dev/stdout": "/proc/self/fd/1",
            "/dev/stderr": "/proc/self/fd/2",
        }
        for name in ("null", "zero", "full", "random", "urandom", "tty"):
            self._binds.append((f"/dev/{name}", f"/dev/{name}", 0))

    def _add_host_libraries(self) -> None:
        """Show this computer's loader and libraries, so that pushed programs for it run."""
        for name in ("/usr/lib", "/usr/lib64", "/usr/lib32", "/lib", "/lib64"):
            path = Path(name)
            if path.is_symlink():
                self._links[name] = str(path.readlink())
            elif path.is_dir():
                self._binds.append((name, name, _MS_RDONLY_NOSUID_NODEV))

    def _add_programs(self) -> None:
        if Path("/usr/bin").is_dir():
            self._binds.append(("/usr/bin", program.HOST_FOLDER, _MS_RDONLY_NOSUID_NODEV))
        tools = program.borrowed() | dict.fromkeys(program.toybox_tools(), "toybox")
        own = sorted(path for path in (_USERLAND / "bin").iterdir() if path.is_file())
        for path in own:
            tools.pop(path.name, None)
            self._file(f"/system/bin/{path.name}", path.read_text(encoding="utf-8"), 0o755)
        if toybox := shutil.which("toybox"):
            self._copies.append((toybox, "/system/bin/toybox", 0o755))
        for path in sorted((_USERLAND / "spare").iterdir()):
            if path.name not in tools and not (path.name == "toybox" and toybox):
                self._file(f"/system/bin/{path.name}", path.read_text(encoding="utf-8"), 0o755)
        # Ours prints what Android's does, and asks the real one for the numbers.
        tools[".id"] = f"{program.HOST_FOLDER}/id"
        tools.pop("sh", None)
        self._copies.append((program.shell_path(), "/system/bin/sh", 0o755))
        if self._knobs.rooted:
            tools["su"] = "/system/xbin/su"
            self._file("/system/xbin/su", (_USERLAND / "su").read_text(), 0o755)
            if setpriv := shutil.which("setpriv"):
                self._copies.append((setpriv, "/system/xbin/.become", 0o4755))
        self._links |= {f"/system/bin/{name}": target for name, target in tools.items()}
        etc = _USERLAND / "etc"
        for path in sorted(etc.iterdir()):
            self._file(f"/system/etc/{path.name}", path.read_text(encoding="utf-8"))

    def _add_properties(self) -> None:
        for key, value in properties(self._profile).items():
            self._file(f"/dev/.sim/property/{key}", value, 0o666)
            self._file(f"/dev/.sim/listing/{key}", f"[{key}]: [{value}]\n", 0o666)

    def _add_accounts(self) -> None:
        self._file("/dev/.sim/kernel_release", self._profile.kernel_release + "\n")
        self._file("/dev/.sim/machine", os.uname().machine + "\n")
        self._file(
            "/dev/.sim/screen", f"{self._profile.screen_size} {self._profile.screen_density}\n"
        )
        self._file("/dev/.sim/log/main", "", 0o666)
        lines = "".join(f"{line}\n" for line in self._profile.vendor_battery_lines)
        self._file("/dev/.sim/battery_lines", lines)

    def _add_proc(self) -> None:
        profile = self._profile
        release = profile.kernel_release
        self._mask("/proc/cpuinfo", proc.cpuinfo(profile))
        self._mask("/proc/version", f"Linux version {release} (sim@sim) #1 SMP PREEMPT\n")
        self._mask("/proc/meminfo", proc.meminfo(profile.memory_kb))
        self._mask("/proc/cmdline", "androidboot.hardware=simulated\n")
        self._mask("/proc/cgroups", (_USERLAND / "proc_cgroups").read_text())
        self._mask("/proc/sys/kernel/random/boot_id", self._boot_id + "\n")
        self._mask("/proc/sys/kernel/osrelease", release + "\n")
        config = gzip.compress(b"CONFIG_ANDROID=y\nCONFIG_CPU_FREQ=y\n", mtime=0)
        self._mask("/proc/config.gz", config.decode(errors="surrogateescape"))
        self._mask("/proc/stat", "", is_live=True)
        self._mask("/proc/loadavg", "0.00 0.00 0.00 1/1 1\n", is_live=True)

    def _mask(self, path: str, text: str, *, is_live: bool = False) -> None:
        """Hide a file of /proc behind one of ours."""
        if not Path(path).exists():
            return
        mask = "/dev/.sim/proc/" + path.strip("/").replace("/", ".")
        self._file(mask, text, 0o444)
        self._masks.append((mask, path))
        if is_live:
            self._live.append(mask)

    def _add_processor(self) -> None:
        base = "/sys/devices/system/cpu"
        cpus = sorted(cpu for cluster in self._profile.clusters for cpu in cluster.cpus)
        span = f"{cpus[0]}-{cpus[-1]}\n"
        for name in ("online", "possible", "present"):
            self._file(f"{base}/{name}", span, 0o444)
        self._file(f"{base}/offline", "\n", 0o444)
        self._file(f"{base}/isolated", "\n", 0o444)
        self._file(f"{base}/kernel_max", f"{cpus[-1]}\n", 0o444)
        for index, cluster in enumerate(self._profile.clusters):
            policy = f"{base}/cpufreq/policy{cluster.cpus[0]}"
            self._add_policy(policy, cluster)
            for cpu in cluster.cpus:
                self._file(f"{base}/cpu{cpu}/online", "1\n")
                self._file(f"{base}/cpu{cpu}/topology/physical_package_id", f"{index}\n", 0o444)
                self._file(f"{base}/cpu{cpu}/topology/core_id", f"{cpu}\n", 0o444)
                self._file(f"{base}/cpu{cpu}/cpu_capacity", f"{cluster.capacity}\n", 0o444)
                self._links[f"{base}/cpu{cpu}/cpufreq"] = f"../cpufreq/policy{cluster.cpus[0]}"

    def _add_policy(self, policy: str, cluster: Cluster) -> None:
        lowest, highest = cluster.steps[0][0], cluster.steps[-1][0]
        cpus = " ".join(map(str, cluster.cpus))
        fixed = {
            "related_cpus": cpus,
            "affected_cpus": cpus,
            "cpuinfo_min_freq": str(lowest),
            "cpuinfo_max_freq": str(cluster.hardware_max_khz),
            "cpuinfo_transition_latency": "0",
            "scaling_available_frequencies": " ".join(str(khz) for khz, _ in cluster.steps) + " ",
            "scaling_available_governors": "performance powersave schedutil ",
            "scaling_driver": self._profile.cpufreq_driver,
        }
        for name, text in fixed.items():
            self._file(f"{policy}/{name}", text + "\n", 0o444)
        self._file(f"{policy}/scaling_governor", "schedutil\n")
        hidden = self._profile.hidden_cpufreq
        for name, khz in (("scaling_min_freq", lowest), ("scaling_max_freq", highest)):
            self._live_file(f"{policy}/{name}", f"{khz}\n", 0o600 if name in hidden else 0o644)
        self._live_file(f"{policy}/scaling_cur_freq", f"{lowest}\n")
        self._live_file(f"{policy}/cpuinfo_cur_freq", f"{lowest}\n", 0o400)
        self._live_file(f"{policy}/stats/time_in_state", "")

    def _add_nodes(self) -> None:
        profile = self._profile
        for path, text in profile.static_nodes.items():
            self._file(path, text + "\n", 0o444)
        hidden = 0o444 if self._knobs.sysfs_readable else 0o000
        for path in profile.live_nodes:
            self._live_file(path, "\n", hidden)
        folders = zone_folders(profile, self._boot_id)
        for zone in profile.zones:
            folder = folders[zone.type]
            self._file(f"{folder}/type", zone.type + "\n", 0o444)
            self._file(f"{folder}/mode", "enabled\n")
            self._live_file(f"{folder}/temp", "\n", hidden)
        for index, (name, _) in enumerate(profile.cooling):
            folder = f"/sys/class/thermal/cooling_device{index}"
            self._file(f"{folder}/type", name + "\n", 0o444)
            self._file(f"{folder}/max_state", "20\n", 0o444)
            self._live_file(f"{folder}/cur_state", "0\n")
        for stop in profile.charge_stops:
            self._live_file(stop.node, stop.allows + "\n", 0o644)
        for name in ("battery", "thermalservice"):
            self._live_file(f"/dev/.sim/{name}", "\n")
        for name in (*Screen.wishes, "reboot"):
            self._live_file(f"/dev/.sim/wish/{name}", "\n", 0o666)
        self._live_file("/dev/.sim/screen_on", f"{int(self._knobs.screen_on)}\n")


def properties(profile: Profile) -> dict[str, str]:
    """Return what `getprop` lists, with what a simulation must say of itself."""
    abi = {"x86_64": "x86_64", "aarch64": "arm64-v8a"}.get(os.uname().machine, os.uname().machine)
    listed = profile.all_properties()
    recorded = [name for name in listed.get("ro.product.cpu.abilist", "").split(",") if name != abi]
    # Pushed programs run on this computer's processor, so its ABI stands first.
    return dict(
        sorted(
            (
                listed
                | {"ro.product.cpu.abilist": ",".join([abi, *recorded]), "ro.ibd.simulated": "1"}
            ).items()
        )
    )


def zone_folders(profile: Profile, boot_id: str) -> dict[str, str]:
    """Return type of a thermal zone -> its folder, whose number is another at each boot."""
    numbers = list(range(len(profile.zones)))
    random.Random(boot_id).shuffle(numbers)  # noqa: S311  chance of a phone, not a secret
    return {
        zone.type: f"/sys/class/thermal/thermal_zone{number}"
        for zone, number in zip(profile.zones, numbers, strict=True)
    }


def data_folders() -> list[tuple[str, int, int]]:
    """Return folder, mode and owner of what /data holds on every phone."""
    return [
        ("/data", 0o771, _SYSTEM),
        ("/data/app", 0o771, _SYSTEM),
        ("/data/local", 0o751, 0),
        ("/data/local/tmp", 0o771, _SHELL),
        ("/data/media", 0o770, _SHELL),
        ("/data/media/0", 0o770, _SHELL),
        ("/data/misc", 0o771, _SYSTEM),
        ("/data/misc/perfetto-traces", 0o777, _SHELL),
        ("/data/system", 0o777, _SYSTEM),
    ]
