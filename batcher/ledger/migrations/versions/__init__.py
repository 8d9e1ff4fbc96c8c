"""One file for each change; a file that was released is never edited."""
