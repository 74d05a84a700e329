"""What was measured: archive, traces, numbers, findings, tables and reports."""
