"""Grafana: dashboards built from the metric catalogue, and the files that provision them."""
