from pathlib import Path

from ibd_mobile.catalog.rack import Rack
from ibd_mobile.catalog.reader import read_toml
from ibd_mobile.core.device import Slot


def test_each_table_slot_of_the_file_is_a_slot_of_the_rack(lab: Path) -> None:
    path = lab / "shelf.toml"
    path.write_text(
        'schema = 1\nid = "shelf"\n\n[[slot]]\nid = "a"\nserial = "192.0.2.7:5557"\n\n'
        '[[slot]]\nid = "here"\n'
    )
    assert read_toml(path, Rack) == Rack(
        schema=1, id="shelf", slots=[Slot(id="a", serial="192.0.2.7:5557"), Slot(id="here")]
    )
