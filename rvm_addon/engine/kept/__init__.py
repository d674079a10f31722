"""What is kept of each frame, so that its result can be changed without the network."""
