"""What stands at the head of every report for people."""

from collections.abc import Sequence
from unicodedata import category

from ibd_mobile.core.record import Record
from ibd_mobile.results.failure import Failure
from ibd_mobile.results.run_info import RunInfo
from ibd_mobile.results.shortfall import progress


def heading(run: RunInfo, records: Sequence[Record], failures: Sequence[Failure]) -> list[str]:
    """Say which run it is, how far it came, and whether its phone was simulated."""
    lines = [
        f"Run {run.id}",
        f"Study {run.study.id}, protocol {run.protocol.id}, ibd-mobile {run.tool_version}, "
        f"{run.created_at}: {progress(run, records, failures)}",
    ]
    is_said = any(finding.id == "SIMULATED" for record in records for finding in record.findings)
    if run.is_simulated and not is_said:
        lines.append("SIMULATED: this run used a simulated phone; compare it with no real one")
    return lines


def printable(text: str) -> str:
    """Make control characters visible: a text from a phone must not steer a terminal."""
    return "".join("�" if category(char) == "Cc" else char for char in text.replace("\n", " "))
