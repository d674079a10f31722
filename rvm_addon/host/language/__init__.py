"""What the extension says to a person, and its Chinese."""
