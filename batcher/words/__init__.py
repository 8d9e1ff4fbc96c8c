"""What the command line and the page say alike."""
