"""What the published file calls the values that matter here."""

SMALL_SOURCE, SLOPE, OFFSET = "389", "777", "779"
"""The downsampled frame, and the two small maps of the guided filter."""
STATES = {"r1i": 16, "r2i": 20, "r3i": 40, "r4i": 64}
"""Inputs with their channels."""
NEXT_STATES = ("r1o", "r2o", "r3o", "r4o")
FINEST = NEXT_STATES[0]
CHANNELS_GIVEN = {SMALL_SOURCE: 3, **STATES}
FEATURES = {"403": 1, "420": 2, "464": 3}
"""What the backbone sees at each level: its first is half the small source's size, the next a quarter, and so on."""
DEEPEST, REMEMBERED = "605", "606"
"""The features of the fourth level: one half is only looked at, the other meets the state."""
DETAIL = "713"
"""What the recurrent part makes at the first level besides its state."""
ASPP_GATED = "601"
"""The deepest features: a convolution's output times a gate, split into two halves."""

HIDDEN = "751"
"""What the guided filter's maps are made of, at the small source's size; 16 channels."""
PROJECTION = "project_mat.conv"
"""The convolution that makes the small foreground's residual and matte, four channels, of `HIDDEN`."""
BOX_FILTER = "refiner.box_filter.weight"
FILTER_CONVS = ("979", "982", SLOPE)
"""The outputs of the guided filter's three convolutions; the first takes covariance, variance and `HIDDEN`."""
