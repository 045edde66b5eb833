"""The chat page and its dashboard, as panels; `chatbot_interface.py` says which, and in which order."""
