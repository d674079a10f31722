"""Where frames come from, and where they go: movies, folders of pictures, backdrops."""
