-- Rollups as continuous aggregates, with the tail that is not yet materialised added on read.

CREATE MATERIALIZED VIEW rollup_1m
  WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT time_bucket(interval '1 minute', time) AS bucket, count(*) AS samples, sum(value) AS sum,
       min(value) AS min, max(value) AS max, series_id
  FROM samples
 GROUP BY time_bucket(interval '1 minute', time), series_id
  WITH NO DATA;

CREATE MATERIALIZED VIEW rollup_1h
  WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT time_bucket(interval '1 hour', time) AS bucket, count(*) AS samples, sum(value) AS sum,
       min(value) AS min, max(value) AS max, series_id
  FROM samples
 GROUP BY time_bucket(interval '1 hour', time), series_id
  WITH NO DATA;

SELECT add_continuous_aggregate_policy('rollup_1m', start_offset => interval '3 hours',
       end_offset => interval '1 hour', schedule_interval => interval '10 minutes');
SELECT add_continuous_aggregate_policy('rollup_1h', start_offset => interval '6 hours',
       end_offset => interval '1 hour', schedule_interval => interval '30 minutes');
