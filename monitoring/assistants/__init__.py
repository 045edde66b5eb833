"""The agent's tools for editors and assistants, over the Model Context Protocol. They read; nothing can be changed."""
