"""How the product is run: images, units, and dashboards for Grafana."""
