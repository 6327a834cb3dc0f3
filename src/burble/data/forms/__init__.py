"""Files that hold text in a form of their own: documents, books, subtitles, and their like."""
