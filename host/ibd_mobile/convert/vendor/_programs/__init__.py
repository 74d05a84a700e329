"""Stand-alone programs that run in a Python of their own.

They lie apart because a program's own folder is searched first: beside a converter of ours, an
import of the vendor's library of that name would find the converter.
"""
