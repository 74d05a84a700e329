"""Caffe2's nets: their format, an interpreter, and the two translators."""
