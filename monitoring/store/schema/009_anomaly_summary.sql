-- Anomalies by hour, kept as they are found, so that a summary of a month need not read a month of events.

CREATE TABLE anomaly_rollup_1h (
    bucket       timestamptz NOT NULL,
    component    text NOT NULL,
    metric       text NOT NULL,
    anomaly_type text NOT NULL,
    severity     text NOT NULL,
    events       integer NOT NULL,
    first_at     timestamptz NOT NULL,
    last_at      timestamptz NOT NULL,
    longest      interval,
    settled_at   timestamptz NOT NULL,
    PRIMARY KEY (bucket, component, metric, anomaly_type, severity)
);
COMMENT ON TABLE anomaly_rollup_1h IS 'Anomalies that began to fire in an hour, by what they are';
COMMENT ON COLUMN anomaly_rollup_1h.longest IS 'How long the longest of them that is over lasted';
COMMENT ON COLUMN anomaly_rollup_1h.settled_at IS 'From when on they stood as they do; infinity while one is open';

-- What an event counts as may change at any time: it escalates, ends, is withdrawn, is judged again. Hours are
-- counted anew rather than up and down, one writer after the other (the lock is that of whoever writes events).
CREATE FUNCTION roll_up_anomalies() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    hours timestamptz[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(DISTINCT date_trunc('hour', detected_at, 'UTC')) INTO hours
          FROM events_now WHERE detected_at IS NOT NULL;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(DISTINCT date_trunc('hour', detected_at, 'UTC')) INTO hours
          FROM events_before WHERE detected_at IS NOT NULL;
    ELSE
        SELECT array_agg(DISTINCT date_trunc('hour', changed.detected_at, 'UTC')) INTO hours
          FROM events_now n
          JOIN events_before b USING (id)
         CROSS JOIN LATERAL (VALUES (n.detected_at), (b.detected_at)) AS changed(detected_at)
         WHERE changed.detected_at IS NOT NULL
           AND (n.detected_at, n.component, n.metric, n.anomaly_type, n.severity, n.started_at, n.critical_at,
                n.resolved_at) IS DISTINCT FROM
               (b.detected_at, b.component, b.metric, b.anomaly_type, b.severity, b.started_at, b.critical_at,
                b.resolved_at);
    END IF;
    IF hours IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(4305004);
    DELETE FROM anomaly_rollup_1h WHERE bucket = ANY(hours);
    INSERT INTO anomaly_rollup_1h
    SELECT h.bucket, e.component, e.metric, e.anomaly_type, e.severity, count(*), min(e.detected_at),
           max(e.detected_at), max(e.resolved_at - e.started_at),
           max(greatest(coalesce(e.resolved_at, 'infinity'), e.detected_at, e.critical_at))
      FROM unnest(hours) AS h(bucket)
      JOIN anomaly_events e ON e.detected_at >= h.bucket AND e.detected_at < h.bucket + interval '1 hour'
     GROUP BY h.bucket, e.component, e.metric, e.anomaly_type, e.severity;
    RETURN NULL;
END $$;

INSERT INTO anomaly_rollup_1h
SELECT date_trunc('hour', detected_at, 'UTC'), component, metric, anomaly_type, severity, count(*), min(detected_at),
       max(detected_at), max(resolved_at - started_at),
       max(greatest(coalesce(resolved_at, 'infinity'), detected_at, critical_at))
  FROM anomaly_events
 WHERE detected_at IS NOT NULL
 GROUP BY 1, 2, 3, 4, 5;

CREATE TRIGGER roll_up_new AFTER INSERT ON anomaly_events
    REFERENCING NEW TABLE AS events_now FOR EACH STATEMENT EXECUTE FUNCTION roll_up_anomalies();
CREATE TRIGGER roll_up_changed AFTER UPDATE ON anomaly_events
    REFERENCING NEW TABLE AS events_now OLD TABLE AS events_before FOR EACH STATEMENT EXECUTE FUNCTION roll_up_anomalies();
CREATE TRIGGER roll_up_gone AFTER DELETE ON anomaly_events
    REFERENCING OLD TABLE AS events_before FOR EACH STATEMENT EXECUTE FUNCTION roll_up_anomalies();

CREATE OR REPLACE VIEW anomaly_summary_1h AS
SELECT bucket, component, severity, anomaly_type, sum(events) AS events
  FROM anomaly_rollup_1h
 GROUP BY bucket, component, severity, anomaly_type;

-- For summaries of one instance, and for counting incidents.
CREATE INDEX anomaly_events_by_instance ON anomaly_events (instance, detected_at);
