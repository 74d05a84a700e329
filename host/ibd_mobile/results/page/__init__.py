"""The report as one self-contained page for a browser, a phone, or a printer."""
