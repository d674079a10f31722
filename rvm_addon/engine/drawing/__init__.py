"""From a matte to the picture that is written or shown."""
