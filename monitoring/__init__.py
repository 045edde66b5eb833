"""The mechanisms behind the Platform Monitoring Chatbot; the choices are in the top-level files."""
