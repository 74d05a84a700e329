"""One page out of one or more runs: what was measured, how, and what is not to be trusted.

Everything of an archive is untrusted text: the template escapes it, drawings escape it too, and the
page's own policy forbids scripts and every connection.
"""

from collections.abc import Collection, Sequence
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from ibd_mobile.core.version import VERSION
from ibd_mobile.results.chart import palette
from ibd_mobile.results.observation import Observation, observe
from ibd_mobile.results.page import job_section, sheet_section
from ibd_mobile.results.relations import Filed
from ibd_mobile.results.report._heading import printable
from ibd_mobile.results.report._study import order_lines, orders
from ibd_mobile.results.sheet import sheets
from ibd_mobile.results.shortfall import cells_by_reason, progress, shortfalls
from ibd_mobile.results.side import sides
from ibd_mobile.results.table import rows

#: jobs that are drawn where nobody names them: each takes some tenths of a second
DRAWN_COUNT = 16


def render(
    filed: Sequence[Filed], drawn: Collection[str] | None = None, drawn_count: int = DRAWN_COUNT
) -> str:
    """Write the page.

    Args:
        filed: runs, at least one; each has its own tables.
        drawn: ids of jobs to draw over time; None = the first measuring ones.
        drawn_count: how many these are at most.

    Raises:
        InputError: a job to be drawn is not done.
        DataError: something of an archive is damaged.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, finalize=_finalized)
    home = files(__package__)
    template = environment.from_string(home.joinpath("page.html").read_text(encoding="utf-8"))
    style = home.joinpath("page.css").read_text(encoding="utf-8")
    return template.render(
        style=Markup(_coloured(style)),  # noqa: S704 - ours
        version=VERSION,
        runs=[_run(one) for one in filed],
        jobs=job_section.sections(filed, drawn, drawn_count),
        observations=_observations(filed),
        is_simulated=any(one.run.info.is_simulated for one in filed),
    )


def _coloured(style: str) -> str:
    """Put the palette into the page's style."""
    colours = {"light": palette.variables(palette.LIGHT), "dark": palette.variables(palette.DARK)}
    for name, told in colours.items():
        style = style.replace(f"/* palette: {name} */", told)
    return style


def _run(one: Filed) -> dict[str, object]:
    info = one.run.info
    made = sheets(rows(one.records, info.jobs, one.failures))
    return {
        "info": info,
        "progress": progress(info, one.records, one.failures),
        "orders": order_lines(orders(info, one.records)),
        "rules": _rules(one),
        "sheets": [sheet_section.section(sheet, info.study.variable) for sheet in made],
        "shortfalls": [
            found
            for found in shortfalls(info, one.records, one.failures)
            if found.kind != "left out"
        ],
        "left_out": cells_by_reason(info.skips),
        "versions": _versions(one),
        "findings": _findings(one),
    }


def _observations(filed: Sequence[Filed]) -> list[Observation]:
    """Test what the paper observed; every two are held against each other, so not of thousands."""
    found = [side for one in filed for side in sides(one.run.info.id, one.records)]
    return observe(found)


def _rules(one: Filed) -> list[tuple[str, str]]:
    """How it was measured, as the protocol has it."""
    protocol = one.run.info.protocol
    follows = "follows the paper's rules" if protocol.is_conforming else "is NOT the paper's"
    return [
        ("Protocol", f"{protocol.id}: {protocol.name}; {follows}"),
        ("Inferences", f"{protocol.warmup_runs} warm-up, {protocol.timed_runs} timed"),
        (
            "Power",
            f"the same inference for at least {protocol.power_window_s:g} s and"
            f" {protocol.power_periods} renewals of the gauge; idle baseline of"
            f" {protocol.idle_s:g} s before and after",
        ),
        ("Rest", f"{protocol.rest_s:g} s between executions, on the machine's own clock"),
        (
            "Battery",
            f"at least {protocol.battery_floor_pct:g} %, at most {protocol.battery_max_c:g} °C;"
            f" skin at most {protocol.skin_max_c:g} °C",
        ),
        ("Intervals", "95 %; how each is made is said in docs/measuring.md"),
    ]


def _versions(one: Filed) -> list[tuple[str, str]]:
    """Software and hardware, each told once, with the order in which it was met."""
    found: dict[tuple[str, str], None] = {("ibd-mobile", one.run.info.tool_version): None}
    for record in one.records:
        hardware, inference = record.hardware, record.inference
        phone = f", phone {hardware.phone}" if hardware.phone else ""
        told = f"{hardware.device_name} ({hardware.device}){phone}, serial {hardware.serial}"
        found["Device", told] = None
        system = _system(hardware.properties)
        if system:
            found["System", system] = None
        found["Inference framework", f"{inference.framework}: {inference.version}"] = None
        found["Measured program", f"{inference.program} {inference.program_version}"] = None
        found["Model", f"{record.job.model}, data set {record.workload.dataset or 'none'}"] = None
        made_by = f"{record.training.framework}: {record.training.made_by}"
        found["Training framework", made_by] = None
        found["Operations", record.workload.macs_counter] = None
    return list(found)


def _system(properties: dict[str, str]) -> str:
    wanted = ("ro.build.fingerprint", "host.system", "host.kernel", "host.processor")
    return ", ".join(properties[name] for name in wanted if properties.get(name))


def _findings(one: Filed) -> list[tuple[str, int]]:
    """Count in how many jobs each finding was made."""
    counts: dict[str, int] = {}
    for record in one.records:
        for finding in record.findings:
            counts[finding.id] = counts.get(finding.id, 0) + 1
    return sorted(counts.items())


def _finalized(value: object) -> object:
    """Make control characters of what is put into the page visible."""
    return printable(value) if type(value) is str else value
