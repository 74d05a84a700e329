import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ibd_mobile.core.job import Job

JOB = Job(
    kind="measure",
    device="sd855",
    slot="sd855",
    model="shapes_classifier",
    training_framework="tensorflow",
    input_size=64,
    artifact_sha256="0" * 64,
    precision="float32",
    framework="litert",
    processor="cpu",
    threads=1,
    batch=1,
    protocol="ibd",
    seed=1,
)


def test_the_id_is_stable_over_versions() -> None:
    assert JOB.id == msgspec.structs.replace(JOB).id
    assert len(JOB.id) == 12


@given(st.sampled_from(["device", "slot", "model", "framework", "protocol"]), st.text(min_size=1))
def test_another_content_has_another_id(field: str, value: str) -> None:
    other = msgspec.structs.replace(JOB, **{field: value})
    assert (other.id == JOB.id) == (getattr(JOB, field) == value)


def test_the_title_names_what_is_run_where() -> None:
    assert JOB.title == "shapes_classifier float32 (tensorflow, 64 px) on litert/cpu ×1 (measure)"
    assert "batch 8" in msgspec.structs.replace(JOB, batch=8).title
