-- Samples on a server without TimescaleDB: one partition a day, made as samples arrive.

CREATE TABLE samples (
    time      timestamptz NOT NULL,
    value     double precision NOT NULL,
    series_id integer NOT NULL,
    PRIMARY KEY (series_id, time)
) PARTITION BY RANGE (time);
CREATE INDEX samples_by_time ON samples USING brin (time) WITH (autosummarize = on, pages_per_range = 32);
