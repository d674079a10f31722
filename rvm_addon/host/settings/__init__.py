"""What the user chose: preferences for the machine, scene properties for the project."""
