"""The SQL of the dashboards, on the public views alone, with Grafana's macros and variables in it.

Times are binned by `date_bin`, which every edition of the server has. The macros used are those that need no
setting of the data source: `$__timeFilter`, `$__timeFrom`, `$__timeTo` and `$__interval_ms`.
"""

from __future__ import annotations

from monitoring.metrics import Direction, Metric

FROM = "$__timeFrom()::timestamptz"
TO = "$__timeTo()::timestamptz"
WIDTH = "make_interval(secs => $__interval_ms / 1000.0)"
ORIGIN = "timestamptz '2000-01-01 00:00+00'"
FRESH = "interval '5 minutes'"
"""Older values say nothing about now; the product itself calls a component without data after this time."""

WORST: dict[Direction, str] = {"higher_is_worse": "max", "lower_is_worse": "min", "both": "avg"}
"""What a bin shows of its values: the worst of them where one side is bad, so that no rollup hides a peak."""


def chosen(column: str, variable: str) -> str:
    """Rows whose column is among the values picked for a variable."""
    return f"{column} IN (${{{variable}:sqlstring}})"


def course(metric: Metric, variable: str | None) -> str:
    """One line for each instance, the worst first, at most `$top` of them.

    Bins under a minute are read from the samples, bins under an hour from the rollup by minute, wider ones from
    the rollup by hour: the two that do not apply cost nothing, as the server sees that from the constants.
    """
    worst = WORST[metric.direction]
    value = "avg" if worst == "avg" else worst
    which = f"metric = '{metric.name}'" + (f" AND {chosen('instance', variable)}" if variable else "")
    order = "min(value)" if worst == "min" else "max(value) DESC"
    binned = f"{worst}(value)" if worst != "avg" else "sum(value * samples) / sum(samples)"
    return f"""\
WITH points AS (
  SELECT time, instance, value, 1 AS samples FROM platform_metrics
   WHERE $__interval_ms < 60000 AND $__timeFilter(time) AND {which}
  UNION ALL
  SELECT bucket, instance, {value}, samples FROM platform_metrics_1m
   WHERE $__interval_ms >= 60000 AND $__interval_ms < 3600000 AND $__timeFilter(bucket) AND {which}
  UNION ALL
  SELECT bucket, instance, {value}, samples FROM platform_metrics_1h
   WHERE $__interval_ms >= 3600000 AND $__timeFilter(bucket) AND {which}
), bins AS (
  SELECT date_bin({WIDTH}, time, {ORIGIN}) AS time, instance AS metric, {binned} AS value
    FROM points GROUP BY 1, 2
), shown AS (
  SELECT metric FROM bins GROUP BY metric ORDER BY {order}, metric LIMIT $top
)
SELECT time, metric, value FROM bins JOIN shown USING (metric) ORDER BY time, metric"""


def newest(metric: Metric, variable: str | None) -> str:
    """The worst of the newest values of all instances; nothing where none has sent one lately."""
    worst = "min" if metric.direction == "lower_is_worse" else "max"
    which = f"metric = '{metric.name}'" + (f" AND {chosen('instance', variable)}" if variable else "")
    return f"""\
SELECT {worst}(value) AS value
  FROM (SELECT DISTINCT ON (instance) value FROM platform_metrics
         WHERE {which} AND time > {TO} - {FRESH} AND time <= {TO}
         ORDER BY instance, time DESC) newest"""


def instances(metrics: tuple[str, ...]) -> str:
    """The values of a variable: the instances that sent any of the metrics within the window."""
    names = ", ".join(f"'{name}'" for name in metrics)
    return f"""\
SELECT DISTINCT instance FROM platform_metrics_1h
 WHERE metric IN ({names}) AND bucket >= {FROM} - interval '1 hour' AND bucket <= {TO}
 ORDER BY instance"""


def open_at(moment: str) -> str:
    """Events that were firing at a moment, told by nobody to be quiet."""
    return (
        f"e.detected_at <= {moment} AND (e.resolved_at IS NULL OR e.resolved_at > {moment}) AND e.status <> 'silenced'"
    )


def severity_at(moment: str) -> str:
    """How severe an event was at a moment: it may have become critical only later."""
    return f"CASE WHEN e.critical_at > {moment} THEN 'warning' ELSE e.severity END"


def health(component: str) -> str:
    """The health of a component at the end of the window: 0 healthy, 1 degraded, 2 critical, 3 no data."""
    critical = f"{severity_at(TO)} = 'critical'"
    return f"""\
SELECT CASE WHEN NOT EXISTS (SELECT FROM platform_metrics
                              WHERE component = '{component}' AND time > {TO} - {FRESH} AND time <= {TO}) THEN 3
            WHEN bool_or({critical}) THEN 2
            WHEN count(*) > 0 THEN 1
            ELSE 0 END AS health
  FROM anomaly_events e
 WHERE e.component = '{component}' AND {open_at(TO)}"""


def freshness() -> str:
    """How old the newest sample of each component is, in seconds: none within an hour is no data."""
    ages = ",\n".join(
        f"       extract(epoch FROM {TO} - max(time) FILTER (WHERE component = '{name}'))::float8 AS {name}"
        for name in ("kafka", "flink", "clickhouse")
    )
    return f"SELECT {ages.lstrip()}\n  FROM platform_metrics\n WHERE time > {TO} - interval '1 hour' AND time <= {TO}"


def health_course() -> str:
    """The health of every component over the window, as far as anomalies tell."""
    return f"""\
WITH bins AS (
  SELECT bin AS time, least(bin + {WIDTH}, {TO}) AS until
    FROM generate_series(date_bin({WIDTH}, {FROM}, {ORIGIN}), {TO}, {WIDTH}) AS bin
), parts AS (
  SELECT unnest(ARRAY['kafka', 'flink', 'clickhouse']) AS component
)
SELECT b.time, p.component AS metric,
       coalesce(max(CASE WHEN {severity_at("b.until")} = 'critical' THEN 2 ELSE 1 END), 0)::float8 AS value
  FROM bins b CROSS JOIN parts p
  LEFT JOIN anomaly_events e
    ON e.component = p.component AND e.detected_at < b.until AND coalesce(e.resolved_at, 'infinity') > b.time
   AND e.status <> 'silenced'
 GROUP BY b.time, p.component ORDER BY b.time, p.component"""


def open_incidents() -> str:
    """How many incidents were open at the end of the window, and how many of them are critical."""
    return f"""\
SELECT count(*) FILTER (WHERE severity = 'critical')::float8 AS critical,
       count(*) FILTER (WHERE severity = 'warning')::float8 AS warning
  FROM incidents
 WHERE detected_at <= {TO} AND (resolved_at IS NULL OR resolved_at > {TO})"""


def touched(component: str | None) -> str:
    """Incidents that the component is a part of, by their root or by their chain."""
    if component is None:
        return ""
    return f""" AND (root_component = '{component}' OR chain @> '[{{"component": "{component}"}}]')"""


def within(began: str) -> str:
    """What began before the end of the window and was not over before it."""
    return f"{began} <= {TO} AND (resolved_at IS NULL OR resolved_at >= {FROM})"


def incident_marks(severity: str, component: str | None) -> str:
    """Incidents as annotations, from onset to end."""
    return f"""\
SELECT started_at AS time, coalesce(resolved_at, {TO}) AS timeend,
       'Incident ' || id || ' (' || status || '): ' || summary AS text,
       concat_ws(',', severity, pattern, root_component) AS tags
  FROM incidents
 WHERE severity = '{severity}' AND {within("started_at")}{touched(component)}
 ORDER BY started_at DESC LIMIT 200"""


def anomaly_marks(component: str | None) -> str:
    """Anomalies as annotations, where they began."""
    where = f" AND component = '{component}'" if component else ""
    return f"""\
SELECT started_at AS time, component || ' ' || instance || ': ' || message AS text,
       concat_ws(',', severity, anomaly_type, metric) AS tags
  FROM anomaly_events
 WHERE detected_at IS NOT NULL AND $__timeFilter(started_at){where}
 ORDER BY started_at DESC LIMIT 500"""


INCIDENTS_PICKED = f"""\
severity IN (${{severity:sqlstring}})
   AND (root_component IN (${{component:sqlstring}})
        OR EXISTS (SELECT FROM jsonb_array_elements(chain) AS link
                    WHERE link ->> 'component' IN (${{component:sqlstring}})))
   AND {within("started_at")}"""
EVENTS_PICKED = f"""\
detected_at IS NOT NULL AND severity IN (${{severity:sqlstring}}) AND component IN (${{component:sqlstring}})
   AND {within("started_at")}"""


def incident_table(picked: str) -> str:
    return f"""\
SELECT id AS "Incident", severity AS "Severity", status AS "Status", pattern AS "Pattern",
       concat_ws(' ', root_component, root_instance, root_metric) AS "Root", started_at AS "Since",
       detected_at AS "Detected", resolved_at AS "Resolved",
       extract(epoch FROM coalesce(resolved_at, {TO}) - started_at)::float8 AS "Lasted", summary AS "Summary"
  FROM incidents
 WHERE {picked}
 ORDER BY resolved_at IS NOT NULL, severity, started_at DESC LIMIT 200"""


def anomaly_table(picked: str) -> str:
    return f"""\
SELECT severity AS "Severity", status AS "Status", component AS "Component", instance AS "Instance",
       metric AS "Metric", anomaly_type AS "Type", started_at AS "Since", resolved_at AS "Resolved",
       message AS "Message", incident_id AS "Incident"
  FROM anomaly_events
 WHERE {picked}
 ORDER BY resolved_at IS NOT NULL, severity, started_at DESC LIMIT 500"""


def incident_figures() -> str:
    """How many incidents there were, how long until they were found, how long until they were over."""
    return f"""\
SELECT count(*)::float8 AS "Incidents", count(*) FILTER (WHERE severity = 'critical')::float8 AS "Critical",
       count(*) FILTER (WHERE resolved_at IS NULL)::float8 AS "Still open"
  FROM incidents
 WHERE {INCIDENTS_PICKED}"""


def incident_times() -> str:
    """The median of how long incidents took to be found, and to be over."""
    middle = "percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM {} - started_at)::float8)"
    return f"""\
SELECT {middle.format("detected_at")} AS "Onset to detection",
       {middle.format("resolved_at")} AS "Onset to end"
  FROM incidents
 WHERE {INCIDENTS_PICKED}"""


def incidents_by(column: str) -> str:
    return f"""\
SELECT {column} AS metric, count(*)::float8 AS value
  FROM incidents
 WHERE {INCIDENTS_PICKED}
 GROUP BY {column} ORDER BY value DESC, metric LIMIT 20"""


def anomalies_by_hour() -> str:
    return f"""\
SELECT bucket AS time, component || ' ' || severity AS metric, sum(events)::float8 AS value
  FROM anomaly_summary_1h
 WHERE bucket >= {FROM} - interval '1 hour' AND bucket <= {TO}
   AND {chosen("component", "component")} AND {chosen("severity", "severity")}
 GROUP BY 1, 2 ORDER BY 1, 2"""


def anomalies_by(column: str) -> str:
    return f"""\
SELECT {column} AS metric, count(*)::float8 AS value
  FROM anomaly_events
 WHERE {EVENTS_PICKED}
 GROUP BY {column} ORDER BY value DESC, metric LIMIT 15"""


def chain() -> str:
    """How one incident travelled, in order of onset."""
    return f"""\
SELECT (link ->> 'onset')::timestamptz AS "Onset", link ->> 'component' AS "Component",
       link ->> 'instance' AS "Instance", link ->> 'metric' AS "Metric",
       extract(epoch FROM (link ->> 'onset')::timestamptz - i.started_at)::float8 AS "After"
  FROM incidents i CROSS JOIN jsonb_array_elements(i.chain) AS link
 WHERE i.id IN ({SELECTED_INCIDENT})
 ORDER BY 1, 2, 3, 4"""


SELECTED_INCIDENT = "SELECT nullif(${incident:sqlstring}, '')::bigint"


def incident_choice() -> str:
    return f"""\
SELECT id::text AS __value, id || ': ' || summary AS __text
  FROM incidents
 WHERE {within("started_at")}
 ORDER BY resolved_at IS NOT NULL, severity, started_at DESC LIMIT 200"""
