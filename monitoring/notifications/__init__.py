"""Out to people: messages about incidents and the services that carry them. No database, no front-end."""
