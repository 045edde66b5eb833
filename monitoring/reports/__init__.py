"""The report of an incident: gathered from the store, composed as parts, written as Markdown or as a PDF."""
