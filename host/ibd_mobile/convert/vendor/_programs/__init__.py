"""Stand-alone programs that run in a vendor's own Python.

They lie apart because a program's own folder is searched first: beside `tensorrt.py` of ours,
`import tensorrt` would find that one.
"""
