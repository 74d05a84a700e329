"""Stand-alone programs, one per step: each runs in an environment of its own requirements.

They import nothing of ours but this package.
"""
