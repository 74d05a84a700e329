"""The table of files in README.md."""

from pathlib import Path

from ibd_mobile.core.model import Artifact, Model, ReferenceAccuracy

#: what a column of people's eyes can hold: two figures per application
_SHOWN = {
    "classification": ("top1", "top5"),
    "detection": ("map_voc", "miou"),
    "super_resolution": ("psnr_db", "ssim"),
}
_NAMES = {"top1": "top-1", "top5": "top-5", "map_voc": "mAP", "miou": "mIoU", "ssim": "SSIM"}


def table(model: Model) -> str:
    """Return the table of a model's artifacts, in Markdown."""
    shown = _SHOWN[model.application]
    heads = [_NAMES.get(metric, "PSNR, dB") for metric in shown]
    lines = [f"| file | bytes | {' | '.join(heads)} |", "|---|---|" + "---|" * len(heads)]
    for variant in model.variants:
        for artifact in variant.artifacts:
            cells = [_cell(artifact, metric) for metric in shown]
            lines.append(f"| `{artifact.file}` | {artifact.size_bytes} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(artifact: Artifact, metric: str) -> str:
    held = next(found for found in artifact.reference if found.metric == metric)
    return _db(held) if metric == "psnr_db" else _ratio(held)


def _db(held: ReferenceAccuracy) -> str:
    ends = "" if held.low is None or held.high is None else f" ({held.low:.2f}–{held.high:.2f})"
    return f"{held.value:.2f}{ends}"


def _ratio(held: ReferenceAccuracy) -> str:
    if held.low is None or held.high is None:
        return f"{held.value:.1%}"
    return f"{held.value * 100:.1f} % ({held.low * 100:.1f}–{held.high * 100:.1f})"


def with_table(readme: str, model: Model) -> str:
    """Return the README with a model's table in its place, between two comments."""
    begin, end = f"<!-- {model.id} -->\n", f"<!-- /{model.id} -->"
    before, rest = readme.split(begin)
    _, after = rest.split(end)
    return f"{before}{begin}{table(model)}{end}{after}"


def write(path: Path, model: Model) -> None:
    """Put a model's table into the README."""
    path.write_text(with_table(path.read_text(encoding="utf-8"), model), encoding="utf-8")
