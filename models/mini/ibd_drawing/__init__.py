"""Drawing for the generators of the folder above.

The same seed gives the same bytes on every machine. So the random numbers are our own (SplitMix64:
numpy may change its streams), rasterising is done here (Pillow's edges changed between releases;
Pillow only writes the sheet), and pixels come from + − × ÷ and √ alone, which IEEE 754 rounds one
way everywhere; sin, exp, sums of floats and matrix products are not so.
"""
