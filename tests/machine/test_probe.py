import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.catalog import library
from ibd_mobile.core.device import Device, Processor, Rule
from ibd_mobile.core.errors import PhoneError
from ibd_mobile.machine.local import LocalLink
from ibd_mobile.machine.probe import (
    Evidence,
    gather,
    is_simulated,
    parse_getprop,
    platform,
    platform_of,
    probe,
)

from .conftest import Handset

PHONES = Path(__file__).parents[1] / "data" / "phones"
BIONIC = "/system/bin/linker64"
X86 = "/lib64/ld-linux-x86-64.so.2"
ARM = "/lib/ld-linux-aarch64.so.1"

HOST = Device(
    schema=1,
    id="any_linux",
    name="any Linux",
    deployment="desktop",
    recognise=[Rule(properties={"host.system": ["Linux"]}, source="uname")],
    processors=[Processor(id="cpu", name="CPU")],
)


def test_this_computer_is_recognised_by_what_it_tells(tmp_path: Path) -> None:
    identity = probe(LocalLink(tmp_path), {"any_linux": HOST}, {})
    assert identity.device == "any_linux"
    assert identity.phone == ""
    assert identity.serial == "host"
    assert identity.platform in ("linux-x86_64", "linux-aarch64")
    assert len(identity.boot_id) == 36
    assert not identity.is_simulated
    assert identity.properties["host.system"] == "Linux"
    assert "host.boot_id" not in identity.properties
    assert int(identity.properties["host.cpus"]) == len(os.sched_getaffinity(0))
    assert set(identity.properties["host.isa"].split()) & {"avx2", "asimd"}
    assert "fpu" not in identity.properties["host.isa"].split()


def test_what_the_catalog_does_not_know_stays_unnamed(tmp_path: Path) -> None:
    assert probe(LocalLink(tmp_path), {}, {}).device == ""
    assert platform_of(LocalLink(tmp_path)) == probe(LocalLink(tmp_path), {}, {}).platform


def test_all_comes_in_one_answer(tmp_path: Path) -> None:
    evidence = gather(LocalLink(tmp_path))
    assert evidence.properties["host.machine"]
    assert evidence.files
    assert not evidence.is_android


@pytest.mark.parametrize("path", sorted(PHONES.glob("*.getprop.txt")), ids=lambda p: p.name)
def test_a_recorded_listing_is_read_whole(path: Path) -> None:
    text = path.read_text()
    found = parse_getprop(text)
    starts = [line for line in text.splitlines() if line.startswith("[") and "]: [" in line]
    assert len(found) == len({line.partition("]")[0] for line in starts})
    assert found["ro.product.model"]
    assert found["ro.board.platform"]


@given(
    st.dictionaries(
        st.text("abcdefghij._0123456789", min_size=1),
        st.text(st.characters(exclude_categories=["C"], exclude_characters="[]\u2028\u2029")),
    )
)
def test_what_is_listed_is_read_back(properties: dict[str, str]) -> None:
    text = "".join(f"[{name}]: [{value}]\n" for name, value in properties.items())
    assert parse_getprop(text) == properties


@pytest.mark.parametrize(
    ("machine", "files", "expected"),
    [
        ("aarch64", [BIONIC], "android-arm64"),
        ("armv8l", [BIONIC], "android-arm64"),
        ("x86_64", [X86], "linux-x86_64"),
        ("x86_64", [BIONIC, X86], "linux-x86_64"),
        ("x86_64", [ARM, X86], "linux-x86_64"),
        ("aarch64", [ARM, X86], "linux-aarch64"),
        ("aarch64", [BIONIC, X86], "linux-x86_64"),
        ("aarch64", [ARM], "linux-aarch64"),
    ],
)
def test_the_platform_follows_from_the_loaders(
    machine: str, files: list[str], expected: str
) -> None:
    evidence = Evidence({"host.machine": machine}, frozenset(files))
    assert platform("x", evidence) == expected


@pytest.mark.parametrize(
    ("machine", "files"), [("armv7l", []), ("x86_64", [BIONIC]), ("riscv64", [])]
)
def test_a_machine_that_runs_none_of_our_programs_is_refused(
    machine: str, files: list[str]
) -> None:
    evidence = Evidence({"host.machine": machine}, frozenset(files))
    with pytest.raises(PhoneError, match="runs none of our programs") as caught:
        platform("2f01", evidence)
    assert machine in caught.value.problem


def test_simulated_phones_and_emulators_say_so() -> None:
    assert is_simulated({"ro.ibd.simulated": "1"})
    assert is_simulated({"ro.kernel.qemu": "1"})
    assert not is_simulated({"ro.ibd.simulated": "0", "ro.product.model": "1"})


def test_a_phone_is_recognised_by_the_catalog(handset: Handset) -> None:
    identity = probe(handset.link, library.devices(), library.phones())
    assert (identity.device, identity.phone) == ("sd855", "pixel_4")
    assert identity.serial == "SIMULATED"
    assert identity.is_simulated, "no record of it may pass for a real phone's"
    assert not identity.is_root
    assert identity.platform.startswith("linux-"), "programs of this computer run there"
    assert identity.properties["ro.board.platform"] == "msmnile"
    assert not [name for name in identity.properties if name.startswith("persist.")]
    said = handset.link.run(["cat", "/proc/sys/kernel/random/boot_id"], timeout_s=20).output
    assert identity.boot_id == said.strip()
