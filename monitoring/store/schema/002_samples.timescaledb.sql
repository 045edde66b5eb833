-- Samples as a hypertable, one chunk a day, in the columnstore after a day.

CREATE TABLE samples (
    time      timestamptz NOT NULL,
    value     double precision NOT NULL,
    series_id integer NOT NULL,
    PRIMARY KEY (series_id, time)
);
CREATE INDEX samples_by_time ON samples USING brin (time) WITH (autosummarize = on, pages_per_range = 32);
SELECT create_hypertable('samples', 'time', chunk_time_interval => interval '1 day', create_default_indexes => false);
ALTER TABLE samples SET (
    timescaledb.compress,
    timescaledb.compress_segmentby = 'series_id',
    timescaledb.compress_orderby = 'time'
);
SELECT add_compression_policy('samples', interval '1 day');
