"""Converters of chip makers: programs of SDKs that a lab has licensed; one file per vendor.

Each file has `formats_from`, `format_to`, `precisions`, `missing_reason()`, `tools()` and
`convert(request)`. The SDKs were not at hand when this was written: command lines and texts are
those on public record, and the tests run programs that behave as the record says.
"""
