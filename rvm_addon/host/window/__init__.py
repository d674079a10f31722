"""What an editor sees and presses: panels, operators, the status bar, the preferences' page."""
