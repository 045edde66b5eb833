-- A level that is unusual and one that is beyond its threshold are one anomaly of a series.

UPDATE anomaly_events b
   SET resolved_at = greatest(b.last_seen_at, b.started_at), status = 'resolved'
  FROM anomaly_events t
 WHERE b.anomaly_type = 'baseline' AND b.resolved_at IS NULL
   AND t.resolved_at IS NULL
   AND t.fingerprint = 'threshold' || substr(b.fingerprint, length('baseline') + 1);

UPDATE anomaly_events
   SET fingerprint = 'threshold' || substr(fingerprint, length('baseline') + 1)
 WHERE anomaly_type = 'baseline';
