-- Rollups that the product keeps itself: hours marked in rollup_dirty are rolled up anew from their samples.

CREATE TABLE rollup_1m (
    bucket    timestamptz NOT NULL,
    samples   bigint NOT NULL,
    sum       double precision NOT NULL,
    min       double precision NOT NULL,
    max       double precision NOT NULL,
    series_id integer NOT NULL,
    PRIMARY KEY (series_id, bucket)
);
CREATE TABLE rollup_1h (LIKE rollup_1m INCLUDING ALL);
CREATE INDEX rollup_1h_by_bucket ON rollup_1h (bucket);
