"""One strip: which file and which frames it shows, how it looks, and where it lies."""
