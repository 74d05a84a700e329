"""Things that tell the power a device draws: one file each, found by its name."""
