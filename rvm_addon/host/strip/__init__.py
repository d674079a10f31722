"""One strip: which file and which of its frames it shows and sounds, how it looks, where it lies; and making one."""
