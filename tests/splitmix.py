"""The generator that inputs are drawn by, as it is published, to hold ours against."""

MASK = (1 << 64) - 1


def splitmix64(seed: int, count: int) -> list[int]:
    """The published stream, one draw after the other."""
    draws = []
    for _ in range(count):
        seed = (seed + 0x9E3779B97F4A7C15) & MASK
        x = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
        draws.append(x ^ (x >> 31))
    return draws
