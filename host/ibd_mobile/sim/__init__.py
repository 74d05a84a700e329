"""A simulated phone: the device end of ADB, an Android-like userland, and a battery's physics."""
