"""The shipped catalog as a whole: what a wrong figure in a data file would break."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from ibd_mobile.catalog import library
from ibd_mobile.catalog.stock import Stock
from ibd_mobile.core.device import Cluster, Device, Peak, Phone, Sensor
from ibd_mobile.core.picture_set import PictureSet
from ibd_mobile.core.recognise import match
from ibd_mobile.core.registry import member_ids
from ibd_mobile.core.study import Protocol, Study
from ibd_mobile.core.units import unit_names
from ibd_mobile.results.accuracy import NAMES, REFERENCES
from ibd_mobile.results.key import VARIABLES


@pytest.fixture
def stock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stock:
    """The catalog without anything of the lab that runs this test."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return Stock.read()


def test_a_reference_accuracy_names_the_measure_that_it_was_made_with(stock: Stock) -> None:
    """`map` alone is three different ones; one that no metric is held against guards nothing."""
    for model in stock.models.values():
        own = NAMES[model.application]
        for variant in model.variants:
            held = [*variant.reference, *(r for a in variant.artifacts for r in a.reference)]
            assert {REFERENCES.get(r.metric) for r in held} <= set(own), model.id


def sensors(stock: Stock) -> list[Sensor]:
    holders: list[Device | Phone] = [*stock.devices.values(), *stock.phones.values()]
    return [s for holder in holders for s in holder.sensors]


def all_cores_ops_per_s(clusters: list[Cluster], peak: Peak) -> float:
    return sum(len(c.cpus) * c.ops_per_cycle[peak.precision] * c.max_hz for c in clusters)


def test_every_toml_loads_and_its_id_is_its_file_name(stock: Stock) -> None:
    families: dict[str, Mapping[str, Device | Phone | Protocol | Study | PictureSet]] = {
        "devices": stock.devices,
        "phones": stock.phones,
        "protocols": stock.protocols,
        "studies": stock.studies,
        "datasets": library.picture_sets(),
    }
    for name, family in families.items():
        assert {p.suffix for p in library.folder(name).iterdir()} == {".toml"}
        files = {p.stem for p in library.folder(name).iterdir()}
        assert files == set(family) == {noun.id for noun in family.values()}
    assert stock.models


def test_the_devices_and_protocols_of_the_first_issue_are_there(stock: Stock) -> None:
    assert {"sd855", "sd845", "kirin980", "host_cpu"} <= set(stock.devices)
    assert {"ibd", "quick"} <= set(stock.protocols)


def test_every_unit_is_known(stock: Stock) -> None:
    assert {s.unit for s in sensors(stock)} <= set(unit_names())


def test_every_peak_has_a_source_and_a_clock(stock: Stock) -> None:
    peaks = [peak for d in stock.devices.values() for p in d.processors for peak in p.peaks]
    assert peaks
    for peak in peaks:
        assert peak.source.strip()
        assert peak.clock.strip()


def test_every_precision_has_a_peak_or_a_reason_for_its_absence(stock: Stock) -> None:
    for device in stock.devices.values():
        for processor in device.processors:
            covered = {peak.precision for peak in processor.peaks}
            assert covered >= {"float32", "float16", "int8"} or processor.no_peak_reason


def test_the_peaks_of_every_cpu_follow_from_its_clusters(stock: Stock) -> None:
    cpus = [(d, d.processor("cpu")) for d in stock.devices.values()]
    peaks = [(d, peak) for d, cpu in cpus if cpu is not None for peak in cpu.peaks]
    assert len(peaks) >= 8
    for device, peak in peaks:
        assert peak.ops_per_s == all_cores_ops_per_s(device.clusters, peak)


@pytest.mark.parametrize(
    ("device", "all_gflops", "big_gflops"),
    [("sd845", 236, 179), ("sd855", 219, 162), ("kirin980", 202, 144)],
)
def test_the_fp32_peaks_of_the_cpus_are_those_on_record(
    device: str, all_gflops: float, big_gflops: float, stock: Stock
) -> None:
    found = stock.devices[device]
    cpu = found.processor("cpu")
    assert cpu is not None
    peak = next(p for p in cpu.peaks if p.precision == "float32")
    assert peak.ops_per_s / 1e9 == pytest.approx(all_gflops, abs=0.5)
    big = [c for c in found.clusters if "A55" not in c.core]
    assert all_cores_ops_per_s(big, peak) / 1e9 == pytest.approx(big_gflops, abs=1)


def test_no_hexagon_has_a_peak_and_each_says_why(stock: Stock) -> None:
    parts = [
        p for d in stock.devices.values() for p in d.processors if p.name.startswith("Hexagon")
    ]
    assert len(parts) == 3
    for part in parts:
        assert part.peaks == []
        assert "published" in part.no_peak_reason


def test_a_cpu_without_dot_product_has_no_int8_peak(stock: Stock) -> None:
    cpu = stock.devices["sd845"].processor("cpu")
    assert cpu is not None
    assert {p.precision for p in cpu.peaks} == {"float32", "float16"}


def test_the_kirin_npu_is_rated_at_fp16_and_only_estimated_at_int8(stock: Stock) -> None:
    npu = stock.devices["kirin980"].processor("npu")
    assert npu is not None
    assert {(p.precision, p.ops_per_s, p.status) for p in npu.peaks} == {
        ("float16", 4.2e12, "secondary"),
        ("int8", 8.4e12, "inferred"),
    }


def test_every_reference_resolves(stock: Stock) -> None:
    for phone in stock.phones.values():
        assert phone.device in stock.devices
    for study in stock.studies.values():
        assert study.protocol in stock.protocols
        assert set(study.models) <= set(stock.models)
        usable = {
            (processor.id, framework)
            for device in stock.devices.values()
            for processor in device.processors
            if processor.id in study.processors
            for framework in processor.accelerators
            if framework in study.frameworks
        }
        assert {processor for processor, _ in usable} == set(study.processors), study.id
        assert {framework for _, framework in usable} == set(study.frameworks), study.id


PAPER = {
    "training_framework": "training_framework",
    "input_size": "input_size",
    "inference_framework": "framework",
    "precision": "precision",
    "batch_size": "batch",
}


@pytest.mark.parametrize(("id", "variable"), PAPER.items())
def test_each_experiment_of_the_paper_has_a_full_and_a_mini_form(
    id: str, variable: str, stock: Stock
) -> None:
    full, mini = stock.studies[id], stock.studies[f"{id}_mini"]
    for study in (full, mini):
        assert study.variable == variable
        assert study.variable in VARIABLES, "comparisons do not know it"
        assert study.repeats % 2 == 0, "a drift would not cancel"
        assert study.protocol == "ibd"
        # what is studied is what differs: a phone and a computer have LiteRT in common
        assert "litert" in study.frameworks
    assert full.weights == "trained"


def test_inference_frameworks_are_all_studied(stock: Stock) -> None:
    study = stock.studies["inference_framework"]
    assert set(study.frameworks) == set(member_ids("ibd_mobile.frameworks"))


def test_every_size_of_the_study_is_one_that_each_of_its_networks_can_have(stock: Stock) -> None:
    for study in stock.studies.values():
        for id in study.models:
            variants = [
                v for v in stock.models[id].variants
                if v.training_framework in study.training_frameworks
            ]  # fmt: skip
            assert variants, f"{study.id}: {id} is given by none of its training frameworks"
            for size in study.input_sizes:
                assert [v for v in variants if not v.input.size_reason(size)], (study.id, id, size)


def test_no_rule_of_one_device_recognises_another(stock: Stock) -> None:
    for device in stock.devices.values():
        for rule in device.recognise:
            properties = {name: values[0] for name, values in rule.properties.items()}
            found = [d.id for d in stock.devices.values() if match(d.recognise, properties)]
            assert found == [device.id]


def test_every_phone_watches_every_cluster_of_its_device(stock: Stock) -> None:
    for phone in stock.phones.values():
        for cluster in stock.devices[phone.device].clusters:
            policy = f"/sys/devices/system/cpu/cpu{min(cluster.cpus)}/cpufreq"
            nodes = {s.node for s in phone.sensors if s.site == cluster.name}
            assert {f"{policy}/scaling_cur_freq", f"{policy}/scaling_max_freq"} <= nodes


def test_every_phone_has_a_gauge_whose_unit_sign_and_error_are_told(stock: Stock) -> None:
    for phone in stock.phones.values():
        (current,) = [s for s in phone.sensors if s.quantity == "current"]
        (voltage,) = [s for s in phone.sensors if s.quantity == "voltage"]
        assert current.site == voltage.site == "battery"
        assert current.gain_error_pct > 0
        assert current.period_s > 0  # 0 would claim that every read is fresh


def test_a_device_alone_tells_no_current_since_unit_and_sign_belong_to_the_phone(
    stock: Stock,
) -> None:
    for device in stock.devices.values():
        assert not [s for s in device.sensors if s.quantity == "current"]


def test_no_two_sensors_of_one_phone_read_the_same_thing(stock: Stock) -> None:
    for phone in stock.phones.values():
        places = [s.node or s.zone for s in phone.sensors]
        assert len(places) == len(set(places))


def test_the_protocol_of_the_paper_is_the_paper_s(stock: Stock) -> None:
    ibd = stock.protocols["ibd"]
    assert (ibd.warmup_runs, ibd.timed_runs, ibd.rest_s) == (1, 5, 300)
    assert ibd.battery_floor_pct == 80
    assert ibd.is_conforming
    assert stock.protocols["quick"].rest_s == 0
    assert not stock.protocols["quick"].is_conforming


def test_the_default_study_fits_into_two_minutes_on_a_live_gauge(stock: Stock) -> None:
    study, gauge = stock.studies["shapes"], stock.phones["pixel_4"].sensors[0]
    protocol = stock.protocols[study.protocol]
    power_s = max(protocol.power_window_s, protocol.power_periods * gauge.period_s)
    measured = len(study.precisions) * (power_s + 2 * protocol.idle_s)
    assert measured <= 60
