"""The console: a page at `/` in which a person searches, tries, sees the documents as a map, and watches the server."""
