"""Mechanisms of the REST API: models, routes, and what stands guard in front of them. The platform is handed in."""
