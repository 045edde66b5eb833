-- The public views: whatever lies behind them, they are complete up to now.

CREATE VIEW platform_metrics AS
SELECT x.time, s.component, s.instance, s.metric, x.value
  FROM samples x
  JOIN series s USING (series_id);

CREATE VIEW platform_metrics_1m AS
SELECT r.bucket, s.component, s.instance, s.metric, r.samples, r.sum / r.samples AS avg, r.min, r.max
  FROM rollup_1m r
  JOIN series s USING (series_id)
 WHERE NOT EXISTS (SELECT FROM rollup_dirty d
                    WHERE d.series_id = r.series_id
                      AND d.hour = date_bin(interval '1 hour', r.bucket, timestamptz '2000-01-01 00:00+00'))
UNION ALL
SELECT tail.bucket, s.component, s.instance, s.metric, tail.samples, tail.avg, tail.min, tail.max
  FROM rollup_dirty d
  JOIN series s USING (series_id)
 CROSS JOIN LATERAL (
       SELECT date_bin(interval '1 minute', x.time, timestamptz '2000-01-01 00:00+00') AS bucket,
              count(*) AS samples, avg(x.value) AS avg, min(x.value) AS min, max(x.value) AS max
         FROM samples x
        WHERE x.series_id = d.series_id
          AND x.time >= d.hour
          AND x.time < d.hour + interval '1 hour'
        GROUP BY 1) tail;

CREATE VIEW platform_metrics_1h AS
SELECT r.bucket, s.component, s.instance, s.metric, r.samples, r.sum / r.samples AS avg, r.min, r.max
  FROM rollup_1h r
  JOIN series s USING (series_id)
 WHERE NOT EXISTS (SELECT FROM rollup_dirty d
                    WHERE d.series_id = r.series_id
                      AND d.hour = r.bucket)
UNION ALL
SELECT d.hour AS bucket, s.component, s.instance, s.metric, tail.samples, tail.avg, tail.min, tail.max
  FROM rollup_dirty d
  JOIN series s USING (series_id)
 CROSS JOIN LATERAL (
       SELECT count(*) AS samples, avg(x.value) AS avg, min(x.value) AS min, max(x.value) AS max
         FROM samples x
        WHERE x.series_id = d.series_id
          AND x.time >= d.hour
          AND x.time < d.hour + interval '1 hour') tail
 WHERE tail.samples > 0;

COMMENT ON VIEW platform_metrics IS 'Every sample';
COMMENT ON VIEW platform_metrics_1m IS 'Samples by minute, complete up to now';
COMMENT ON VIEW platform_metrics_1h IS 'Samples by hour, complete up to now';
