"""What can be read in a drawing."""

from xml.etree import ElementTree

SVG = "{http://www.w3.org/2000/svg}"


def root(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314 - our own drawing


def texts(svg: str) -> list[str]:
    return [node.text or "" for node in root(svg).iter(f"{SVG}text")]


def numbers(svg: str) -> list[float]:
    """All texts that are numbers: those of the axes."""
    found = []
    for text in texts(svg):
        try:
            found.append(float(text.replace("−", "-")))
        except ValueError:
            continue
    return found
