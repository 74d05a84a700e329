from ibd_mobile.core.payload import models_folder, payload


def test_models_are_found_in_a_checkout() -> None:
    assert (models_folder() / "mini").is_dir()


def test_a_payload_lies_under_its_platform() -> None:
    assert payload("linux-x86_64", "ibd_bench").parts[-3:] == (
        "payloads",
        "linux-x86_64",
        "ibd_bench",
    )
