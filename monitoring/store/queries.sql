-- Every statement of the store that is not schema. The agent's tools run those marked "reader" as a role
-- that may only SELECT.

-- name: find_series
-- Series ids of the names given; names that are new are missing.
SELECT s.series_id, s.component, s.instance, s.metric
  FROM series s
  JOIN unnest(%(components)s::text[], %(instances)s::text[], %(metrics)s::text[]) AS n(component, instance, metric)
    ON s.metric = n.metric AND s.instance = n.instance AND s.component = n.component;

-- name: add_series
-- Register series names, those that exist already aside.
INSERT INTO series (component, instance, metric)
SELECT n.component, n.instance, n.metric
  FROM unnest(%(components)s::text[], %(instances)s::text[], %(metrics)s::text[]) AS n(component, instance, metric)
 ORDER BY n.metric, n.instance, n.component
    ON CONFLICT DO NOTHING;

-- name: all_series
-- Every series name.
SELECT series_id, component, instance, metric FROM series ORDER BY series_id;

-- name: any_tables
-- The table of samples, null where the store was never set up.
SELECT to_regclass('samples')::text;

-- name: last_stored
-- When real samples of some metrics were last stored; null where none is kept any more.
SELECT s.metric, max(newest.time)
  FROM series s
  LEFT JOIN LATERAL (SELECT x.time FROM samples x WHERE x.series_id = s.series_id ORDER BY x.time DESC LIMIT 1) newest
    ON true
 WHERE s.metric = ANY(%(metrics)s) AND EXISTS (SELECT FROM meta WHERE key = 'origin' AND value ->> 'kind' = 'real')
 GROUP BY s.metric;

-- name: count_series
-- How many of some series are registered.
SELECT count(*) FROM series WHERE series_id = ANY(%(series)s);

-- name: any_sample_in
-- Whether one of the series has a sample between its first and its last time.
SELECT EXISTS (
    SELECT FROM unnest(%(series)s::integer[], %(starts)s::timestamptz[], %(lasts)s::timestamptz[])
                AS wanted(series_id, start, last)
     CROSS JOIN LATERAL (SELECT FROM samples x
                          WHERE x.series_id = wanted.series_id AND x.time >= wanted.start AND x.time <= wanted.last
                          LIMIT 1) hit);

-- name: sample_names_in
-- Which samples of some series there are, each between its first and its last time.
SELECT x.series_id, x.time
  FROM unnest(%(series)s::integer[], %(starts)s::timestamptz[], %(lasts)s::timestamptz[])
       AS wanted(series_id, start, last)
  JOIN samples x ON x.series_id = wanted.series_id AND x.time >= wanted.start AND x.time <= wanted.last;

-- name: mark_dirty
-- Note that hours of series have changed since they were rolled up. The update waits for a roll-up of that
-- hour to end, so that no mark is lost.
INSERT INTO rollup_dirty (hour, series_id)
SELECT d.hour, d.series_id
  FROM unnest(%(hours)s::timestamptz[], %(series)s::integer[]) AS d(hour, series_id)
 ORDER BY d.hour, d.series_id
    ON CONFLICT (hour, series_id) DO UPDATE SET marks = rollup_dirty.marks + 1;

-- name: take_dirty
-- Claim changed hours that are over, oldest first, leaving those that a writer holds.
DELETE FROM rollup_dirty d
 USING (SELECT hour, series_id FROM rollup_dirty
         WHERE hour < %(before)s
         ORDER BY hour, series_id
         LIMIT %(most)s
           FOR UPDATE SKIP LOCKED) claimed
 WHERE d.hour = claimed.hour AND d.series_id = claimed.series_id
RETURNING d.hour, d.series_id;

-- name: roll_up_1m
-- Roll claimed hours up by minute.
INSERT INTO rollup_1m (bucket, samples, sum, min, max, series_id)
SELECT date_bin(interval '1 minute', x.time, timestamptz '2000-01-01 00:00+00'), count(*), sum(x.value),
       min(x.value), max(x.value), x.series_id
  FROM unnest(%(hours)s::timestamptz[], %(series)s::integer[]) AS d(hour, series_id)
  JOIN samples x ON x.series_id = d.series_id AND x.time >= d.hour AND x.time < d.hour + interval '1 hour'
 WHERE x.time >= %(start)s AND x.time < %(end)s
 GROUP BY x.series_id, 1
    ON CONFLICT (series_id, bucket) DO UPDATE
   SET samples = excluded.samples, sum = excluded.sum, min = excluded.min, max = excluded.max;

-- name: roll_up_1h
-- Roll claimed hours up by hour, from their minutes.
INSERT INTO rollup_1h (bucket, samples, sum, min, max, series_id)
SELECT d.hour, sum(m.samples), sum(m.sum), min(m.min), max(m.max), d.series_id
  FROM unnest(%(hours)s::timestamptz[], %(series)s::integer[]) AS d(hour, series_id)
  JOIN rollup_1m m ON m.series_id = d.series_id AND m.bucket >= d.hour AND m.bucket < d.hour + interval '1 hour'
 WHERE m.bucket >= %(start)s AND m.bucket < %(end)s
 GROUP BY d.series_id, d.hour
    ON CONFLICT (series_id, bucket) DO UPDATE
   SET samples = excluded.samples, sum = excluded.sum, min = excluded.min, max = excluded.max;

-- name: dirty_marks
-- Changed hours that are over, with how often they were marked.
SELECT hour, series_id, marks FROM rollup_dirty WHERE hour < %(before)s ORDER BY hour;

-- name: clear_marks
-- Forget the marks of hours that were refreshed, unless they were marked again meanwhile.
DELETE FROM rollup_dirty d
 USING unnest(%(hours)s::timestamptz[], %(series)s::integer[], %(marks)s::integer[]) AS seen(hour, series_id, marks)
 WHERE d.hour = seen.hour AND d.series_id = seen.series_id AND d.marks = seen.marks;

-- name: retention_policies
-- TimescaleDB Community only: after what time each table's samples or rollups are dropped.
SELECT coalesce(c.view_name, j.hypertable_name)::text, (j.config ->> 'drop_after')::interval
  FROM timescaledb_information.jobs j
  LEFT JOIN timescaledb_information.continuous_aggregates c
    ON c.materialization_hypertable_name = j.hypertable_name OR c.view_name = j.hypertable_name
 WHERE j.proc_name = 'policy_retention';

-- name: day_partitions
-- Days for which the table of samples has a partition.
SELECT inhrelid::regclass::text AS name
  FROM pg_inherits WHERE inhparent = 'samples'::regclass;

-- name: forget_rollups_1m
-- Drop rollups by minute that are older than their retention.
DELETE FROM rollup_1m WHERE bucket < %(before)s;

-- name: forget_rollups_1h
-- Drop rollups by hour that are older than their retention.
DELETE FROM rollup_1h WHERE bucket < %(before)s;

-- name: forget_dirty
-- Drop marks of hours whose samples are gone.
DELETE FROM rollup_dirty WHERE hour < %(before)s;

-- name: samples_between
-- Samples of a stretch of time in order of time, for detection.
SELECT series_id, time, value FROM samples
 WHERE time >= %(start)s AND time < %(end)s
 ORDER BY time, series_id;

-- name: last_samples
-- The newest sample of each series before a time and not older than another.
SELECT s.series_id, x.time, x.value
  FROM series s
 CROSS JOIN LATERAL (SELECT time, value FROM samples
                      WHERE series_id = s.series_id AND time >= %(start)s AND time < %(end)s
                      ORDER BY time DESC LIMIT 1) x;

-- name: tails_of_silent
-- The last samples before a time of each series that has sent none since.
SELECT s.series_id, x.time, x.value
  FROM series s
 CROSS JOIN LATERAL (SELECT time, value FROM samples
                      WHERE series_id = s.series_id AND time >= %(oldest)s AND time < %(start)s
                      ORDER BY time DESC LIMIT %(most)s) x
 WHERE NOT EXISTS (SELECT FROM samples n
                    WHERE n.series_id = s.series_id AND n.time >= %(start)s AND n.time < %(end)s)
 ORDER BY x.time, s.series_id;

-- name: hourly_bins
-- Every series by hour, for what is usual and what this time of day is like.
SELECT s.series_id, h.bucket, h.avg, h.min, h.max
  FROM platform_metrics_1h h
  JOIN series s USING (component, instance, metric)
 WHERE h.bucket >= %(start)s AND h.bucket < %(end)s
 ORDER BY h.bucket;

-- name: coarse_bins
-- Every series by five minutes, for slow trends.
SELECT s.series_id, date_bin(interval '5 minutes', m.bucket, timestamptz '2000-01-01 00:00+00') AS begun,
       sum(m.avg * m.samples) / sum(m.samples), min(m.min), max(m.max)
  FROM platform_metrics_1m m
  JOIN series s USING (component, instance, metric)
 WHERE m.bucket >= %(start)s AND m.bucket < %(end)s
 GROUP BY s.series_id, begun
 ORDER BY begun;

-- name: newest_sample_time
-- When the newest sample of all was taken.
SELECT max(x.time) AS newest
  FROM series s
 CROSS JOIN LATERAL (SELECT time FROM samples WHERE series_id = s.series_id ORDER BY time DESC LIMIT 1) x;

-- name: get_meta
-- A fact about this store.
SELECT value FROM meta WHERE key = %(key)s;

-- name: set_meta
-- Note a fact about this store.
INSERT INTO meta (key, value) VALUES (%(key)s, %(value)s)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value;

-- name: clear_all
-- Remove every sample and everything derived from samples; locks are taken in the order in which writers do.
TRUNCATE series, samples, rollup_dirty, rollup_1m, rollup_1h, anomaly_events, anomaly_rollup_1h, incidents, notes,
         silences, announcements, analyses, notification_deliveries, notification_threads;

-- name: forget_meta
-- Remove facts that depend on the samples.
DELETE FROM meta
 WHERE key IN ('origin', 'judged_until', 'live_until', 'judge_again_from', 'last_tick', 'simulation');

-- name: open_incidents
-- Incidents that are not over.
SELECT id, pattern, status, severity, root_component, root_instance, root_metric, started_at, detected_at,
       resolved_at, chain, summary, rule, certain, merged_into
  FROM incidents WHERE resolved_at IS NULL ORDER BY id;

-- name: open_events
-- Events that are not over, and those that are over but belong to an incident that is not.
SELECT e.id, e.component, e.instance, e.metric, e.anomaly_type, e.severity, e.status, e.flapping, e.started_at,
       e.detected_at, e.critical_at, e.last_seen_at, e.resolved_at, e.acknowledged_at, e.clear_since, e.quiet_for,
       e.value, e.peak_value, e.expected, e.threshold, e.why, e.message, e.no_data_cause, e.occurrences,
       e.incident_id
  FROM anomaly_events e
  LEFT JOIN incidents i ON i.id = e.incident_id
 WHERE NOT e.rewound AND (e.resolved_at IS NULL OR (i.id IS NOT NULL AND i.resolved_at IS NULL))
 ORDER BY e.id;

-- name: ended_events
-- The last events of each fingerprint that were over by a time, not those that were over long before.
SELECT fingerprint, detected_at, resolved_at, occurrences, flapping
  FROM (SELECT fingerprint, detected_at, resolved_at, occurrences, flapping,
               row_number() OVER (PARTITION BY fingerprint ORDER BY detected_at DESC) AS place
          FROM anomaly_events
         WHERE detected_at IS NOT NULL AND NOT rewound
           AND resolved_at >= %(since)s AND resolved_at <= %(until)s) latest
 WHERE place <= %(most)s
 ORDER BY fingerprint, detected_at;

-- name: insert_incidents
-- Store new incidents; ids ascend in the order given.
INSERT INTO incidents (pattern, status, severity, root_component, root_instance, root_metric, started_at,
                       detected_at, resolved_at, chain, summary, rule, certain, merged_into, historic)
VALUES %s RETURNING id;

-- name: update_incidents
-- Bring stored incidents up to date.
UPDATE incidents i
   SET pattern = n.pattern, status = n.status, severity = n.severity, root_component = n.root_component,
       root_instance = n.root_instance, root_metric = n.root_metric, started_at = n.started_at::timestamptz,
       detected_at = n.detected_at::timestamptz, resolved_at = n.resolved_at::timestamptz,
       chain = n.chain::jsonb, summary = n.summary, rule = n.rule, certain = n.certain,
       merged_into = n.merged_into::bigint
  FROM (VALUES %s) AS n(id, pattern, status, severity, root_component, root_instance, root_metric, started_at,
                        detected_at, resolved_at, chain, summary, rule, certain, merged_into)
 WHERE i.id = n.id;

-- name: insert_events
-- Store new events; ids ascend in the order given.
INSERT INTO anomaly_events (fingerprint, component, instance, metric, anomaly_type, severity, status, flapping,
                            started_at, detected_at, critical_at, last_seen_at, resolved_at, acknowledged_at,
                            clear_since, quiet_for, value, peak_value, expected, unit, threshold, why, message,
                            no_data_cause, occurrences, incident_id)
VALUES %s RETURNING id;

-- name: update_events
-- Bring stored events up to date; an acknowledgement that somebody else gave meanwhile stays.
UPDATE anomaly_events e
   SET anomaly_type = n.anomaly_type, severity = n.severity,
       status = CASE WHEN n.status IN ('firing', 'silenced') AND n.acknowledged_at IS NULL
                          AND e.acknowledged_at IS NOT NULL THEN 'acknowledged'
                     ELSE n.status END,
       flapping = n.flapping::boolean,
       started_at = n.started_at::timestamptz, detected_at = n.detected_at::timestamptz,
       critical_at = n.critical_at::timestamptz, last_seen_at = n.last_seen_at::timestamptz,
       resolved_at = n.resolved_at::timestamptz,
       acknowledged_at = coalesce(n.acknowledged_at::timestamptz, e.acknowledged_at),
       clear_since = n.clear_since::timestamptz, quiet_for = n.quiet_for::interval,
       value = n.value::double precision, peak_value = n.peak_value::double precision,
       expected = n.expected::double precision, unit = n.unit, threshold = n.threshold, why = n.why,
       message = n.message, no_data_cause = n.no_data_cause, occurrences = n.occurrences,
       incident_id = n.incident_id::bigint, rewound = false
  FROM (VALUES %s) AS n(id, fingerprint, component, instance, metric, anomaly_type, severity, status, flapping,
                        started_at, detected_at, critical_at, last_seen_at, resolved_at, acknowledged_at, clear_since,
                        quiet_for, value, peak_value, expected, unit, threshold, why, message, no_data_cause,
                        occurrences, incident_id)
 WHERE e.id = n.id;

-- name: drop_events
-- Remove events that were only ever pending.
DELETE FROM anomaly_events WHERE id = ANY(%(ids)s);

-- name: set_judged_until
-- Note how far the samples have been judged.
INSERT INTO meta (key, value) VALUES ('judged_until', to_jsonb(%(until)s::timestamptz))
    ON CONFLICT (key) DO UPDATE SET value = excluded.value;

-- name: set_live_until
-- Note until when judging has kept up with the clock.
INSERT INTO meta (key, value) VALUES ('live_until', to_jsonb(%(until)s::timestamptz))
    ON CONFLICT (key) DO UPDATE
   SET value = to_jsonb(greatest((meta.value #>> '{}')::timestamptz, (excluded.value #>> '{}')::timestamptz));

-- name: start_writing
-- One after the other: whoever writes what was judged, or rewinds it.
SELECT pg_advisory_xact_lock(4305004);

-- name: rewind_events
-- Forget events that began to fire at or after a moment, and those still pending; but not what waits.
DELETE FROM anomaly_events
 WHERE detected_at IS NULL OR (detected_at >= %(moment)s AND NOT rewound);

-- name: rewind_kept
-- Close events that began to fire at or after a moment and that something hangs on: an acknowledgement, a note, an
-- analysis, or that people were told. Judging again takes them up where it finds the same anomaly.
UPDATE anomaly_events e
   SET status = 'resolved', resolved_at = coalesce(e.resolved_at, e.last_seen_at), clear_since = NULL, rewound = true
 WHERE e.detected_at >= %(moment)s
   AND (e.acknowledged_at IS NOT NULL OR e.analysis IS NOT NULL
        OR EXISTS (SELECT FROM notes n WHERE n.event_id = e.id OR n.incident_id = e.incident_id)
        OR EXISTS (SELECT FROM announcements a WHERE a.incident_id = e.incident_id AND a.due));

-- name: rewind_going_on
-- Put events that were going on at a moment back to how they stood then.
UPDATE anomaly_events e
   SET status = CASE WHEN e.status <> 'resolved' THEN e.status
                     WHEN e.acknowledged_at IS NULL THEN 'firing' ELSE 'acknowledged' END,
       resolved_at = NULL, last_seen_at = least(e.last_seen_at, %(moment)s),
       clear_since = CASE WHEN e.clear_since < %(moment)s THEN e.clear_since END,
       severity = CASE WHEN e.critical_at >= %(moment)s THEN 'warning' ELSE e.severity END,
       critical_at = CASE WHEN e.critical_at < %(moment)s THEN e.critical_at END
 WHERE e.detected_at < %(moment)s AND (e.resolved_at IS NULL OR e.resolved_at >= %(moment)s) AND NOT e.rewound;

-- name: touched_incidents
-- Incidents that a rewinding changes.
SELECT id, pattern, status, severity, root_component, root_instance, root_metric, started_at, detected_at,
       resolved_at, chain, summary, rule, certain, merged_into
  FROM incidents WHERE resolved_at IS NULL OR resolved_at >= %(moment)s ORDER BY id;

-- name: events_of_incidents
-- All events of some incidents.
SELECT e.id, e.component, e.instance, e.metric, e.anomaly_type, e.severity, e.status, e.flapping, e.started_at,
       e.detected_at, e.critical_at, e.last_seen_at, e.resolved_at, e.acknowledged_at, e.clear_since, e.quiet_for,
       e.value, e.peak_value, e.expected, e.threshold, e.why, e.message, e.no_data_cause, e.occurrences,
       e.incident_id, e.rewound
  FROM anomaly_events e WHERE e.incident_id = ANY(%(ids)s) ORDER BY e.id;

-- name: waiting_alike
-- Events that wait to be taken up by new ones with the same fingerprint.
SELECT id, fingerprint, started_at, resolved_at, acknowledged_at, incident_id
  FROM anomaly_events
 WHERE rewound AND fingerprint = ANY(%(fingerprints)s)
 ORDER BY id;

-- name: any_waiting
-- Whether events wait to be taken up by judging again.
SELECT EXISTS (SELECT FROM anomaly_events WHERE rewound) AS waiting;

-- name: drop_waiting
-- Forget events that judging again went past without finding them, but for those that people spoke about.
DELETE FROM anomaly_events e
 WHERE e.rewound AND e.resolved_at < %(before)s AND e.acknowledged_at IS NULL
   AND NOT EXISTS (SELECT FROM notes n WHERE n.event_id = e.id OR n.incident_id = e.incident_id);

-- name: keep_waiting
-- Let those that people spoke about stay as they are.
UPDATE anomaly_events SET rewound = false WHERE rewound AND resolved_at < %(before)s;

-- name: drop_empty_incidents
-- Forget incidents without events, but for those that became part of another one before a moment.
DELETE FROM incidents i
 WHERE (i.merged_into IS NULL OR i.detected_at >= %(moment)s::timestamptz)
   AND NOT EXISTS (SELECT FROM anomaly_events e WHERE e.incident_id = i.id)
RETURNING i.id;

-- name: move_events
-- Give the events of an incident to another one.
UPDATE anomaly_events SET incident_id = %(into)s WHERE incident_id = %(incident)s;

-- name: move_notes
-- Give the notes of an incident to another one.
UPDATE notes SET incident_id = %(into)s WHERE incident_id = %(incident)s;

-- name: drop_announcements
-- Forget what was put on record of incidents that are no more and told to nobody.
DELETE FROM announcements WHERE incident_id = ANY(%(ids)s) AND NOT due;

-- name: withdraw
-- Tell those who were told that incidents opened, and not that they ended, that they are no more.
INSERT INTO announcements (incident_id, event_id, kind, severity, at, text, due, reason)
SELECT a.incident_id, a.event_id, 'withdrawn', a.severity, %(at)s, %(text)s, true, 'withdrawn'
  FROM announcements a
 WHERE a.incident_id = ANY(%(ids)s) AND a.kind = 'opened' AND a.due
   AND NOT EXISTS (SELECT FROM announcements r WHERE r.incident_id = a.incident_id AND r.kind = 'resolved')
    ON CONFLICT (incident_id, kind) DO NOTHING;

-- name: incidents_to_announce
-- How incidents stand and what was told of them: those just written, and open ones of whose severity nothing was.
SELECT i.id, i.status, i.severity, i.started_at, i.resolved_at, i.summary, i.historic,
       EXISTS (SELECT FROM anomaly_events e
                WHERE e.incident_id = i.id AND e.flapping AND e.resolved_at IS NULL) AS flapping,
       (SELECT e.id FROM anomaly_events e
         WHERE e.incident_id = i.id AND e.component = i.root_component AND e.instance = i.root_instance
           AND e.metric = i.root_metric
         ORDER BY e.started_at, e.id LIMIT 1) AS event_id,
       told.kinds, told.due, told.critical
  FROM incidents i
 CROSS JOIN LATERAL (SELECT coalesce(array_agg(a.kind), '{}') AS kinds, coalesce(bool_or(a.due), false) AS due,
                            bool_or(a.severity = 'critical') AS critical
                       FROM announcements a WHERE a.incident_id = i.id) told
 WHERE i.id = ANY(%(ids)s)
    OR (i.resolved_at IS NULL
        AND NOT EXISTS (SELECT FROM announcements a
                         WHERE a.incident_id = i.id AND a.severity IN (i.severity, 'critical')))
 ORDER BY i.id;

-- name: insert_announcements
-- Put announcements on record; none is made twice.
INSERT INTO announcements (incident_id, event_id, kind, severity, at, text, due, reason)
VALUES %s ON CONFLICT (incident_id, kind) DO NOTHING;

-- name: announcements
-- Everything put on record since a time, oldest first.
SELECT id, incident_id, event_id, kind, severity, at, text, due, reason
  FROM announcements WHERE at >= %(since)s ORDER BY id LIMIT %(most)s;

-- name: acknowledge_events
-- Acknowledge events by id, or all open ones of an incident; the first acknowledgement counts.
UPDATE anomaly_events e
   SET acknowledged_by = CASE WHEN e.acknowledged_at IS NULL THEN %(by)s ELSE e.acknowledged_by END,
       acknowledged_at = coalesce(e.acknowledged_at, %(at)s),
       status = CASE WHEN e.status IN ('firing', 'silenced') THEN 'acknowledged' ELSE e.status END
 WHERE e.detected_at IS NOT NULL
   AND (e.id = %(event)s OR (e.incident_id = %(incident)s AND e.resolved_at IS NULL))
RETURNING e.id, e.incident_id;

-- name: set_incident_status
-- Note how an incident stands now that its events were acknowledged.
UPDATE incidents SET status = %(status)s WHERE id = %(id)s;

-- name: known_events
-- Which of some events there are, and whether they have fired.
SELECT id, detected_at IS NOT NULL AS fired FROM anomaly_events WHERE id = ANY(%(ids)s);

-- name: known_incidents
-- Which of some incidents there are.
SELECT id FROM incidents WHERE id = ANY(%(ids)s);

-- name: acknowledged_open
-- Open events that are acknowledged.
SELECT id, acknowledged_at FROM anomaly_events WHERE resolved_at IS NULL AND acknowledged_at IS NOT NULL;

-- name: add_note
-- Note something about an event or an incident.
INSERT INTO notes (event_id, incident_id, at, author, text)
SELECT %(event)s::bigint, %(incident)s::bigint, %(at)s, %(by)s, %(text)s
 WHERE EXISTS (SELECT FROM anomaly_events WHERE id = %(event)s)
    OR EXISTS (SELECT FROM incidents WHERE id = %(incident)s)
RETURNING id;

-- name: notes_of
-- Reader: what was noted about an event, or about an incident and its events, oldest first.
SELECT n.id, n.event_id, n.incident_id, n.at, n.author, n.text
  FROM notes n
  LEFT JOIN anomaly_events e ON e.id = n.event_id
 WHERE n.event_id = %(event)s OR n.incident_id = %(incident)s OR e.incident_id = %(incident)s
 ORDER BY n.at, n.id;

-- name: add_silence
-- Keep matching events quiet for a stretch of time.
INSERT INTO silences (component, instance, metric, anomaly_type, starts_at, ends_at, created_by, reason)
VALUES (%(component)s, %(instance)s, %(metric)s, %(kind)s, %(start)s, %(end)s, %(by)s, %(reason)s)
RETURNING id;

-- name: end_silence
-- Let a silence end now, or never begin.
UPDATE silences SET ends_at = greatest(starts_at, %(at)s) WHERE id = %(id)s AND ends_at > %(at)s RETURNING id;

-- name: silences_within
-- Reader: silences that were or will be active in a stretch of time.
SELECT id, component, instance, metric, anomaly_type, starts_at, ends_at, created_by, reason
  FROM silences WHERE starts_at < %(end)s AND ends_at > %(start)s ORDER BY id;

-- name: add_silences
-- Keep matching events quiet: several silences at once.
INSERT INTO silences (component, instance, metric, anomaly_type, starts_at, ends_at, created_by, reason)
VALUES %s;

-- name: end_silences
-- Let several silences end now.
UPDATE silences SET ends_at = greatest(starts_at, %(at)s) WHERE id = ANY(%(ids)s::bigint[]) AND ends_at > %(at)s;

-- name: mirrored_silences
-- Silences that were made after those of another system and are not over.
SELECT id, component, instance, metric, anomaly_type, starts_at, ends_at, created_by, reason
  FROM silences WHERE ends_at > %(now)s AND starts_with(created_by, %(prefix)s) ORDER BY id;

-- name: installation
-- The id of this database; the fresh one where it has none yet.
WITH made AS (INSERT INTO meta (key, value) VALUES ('installation', to_jsonb(%(fresh)s::text))
              ON CONFLICT (key) DO NOTHING
              RETURNING value)
SELECT value #>> '{}' AS id FROM made
UNION ALL
SELECT value #>> '{}' FROM meta WHERE key = 'installation'
 LIMIT 1;

-- name: alerts_open
-- Open events that are not history, with their incidents; hushed: a silence that mirrors no other system's matches.
-- What joined an incident after that was found in history is news.
SELECT e.id, e.fingerprint, e.component, e.instance, e.metric, e.anomaly_type, e.severity, e.status, e.flapping,
       e.started_at, e.critical_at, e.acknowledged_at, e.acknowledged_by, e.value, e.expected, e.threshold, e.why,
       e.message, e.incident_id, i.pattern, i.rule, i.summary AS incident_summary,
       EXISTS (SELECT FROM silences s
                WHERE s.starts_at <= %(now)s AND s.ends_at > %(now)s AND NOT starts_with(s.created_by, %(prefix)s)
                  AND s.component IN ('*', e.component) AND s.instance IN ('*', e.instance)
                  AND s.metric IN ('*', e.metric) AND s.anomaly_type IN ('*', e.anomaly_type)) AS hushed
  FROM anomaly_events e
  LEFT JOIN incidents i ON i.id = e.incident_id
 WHERE e.resolved_at IS NULL
   AND (NOT coalesce(i.historic, false)
        OR e.detected_at > (SELECT min(a.at) FROM announcements a WHERE a.incident_id = i.id))
 ORDER BY e.id;

-- name: last_of_fingerprints
-- How the last event of each fingerprint stands.
SELECT DISTINCT ON (fingerprint) fingerprint, severity, critical_at, resolved_at
  FROM anomaly_events
 WHERE fingerprint = ANY(%(fingerprints)s) AND started_at >= %(since)s AND detected_at IS NOT NULL
 ORDER BY fingerprint, id DESC;

-- name: ask_judge_again
-- Ask for judgement from a moment on, or from an earlier one asked for before.
INSERT INTO meta (key, value) VALUES ('judge_again_from', to_jsonb(%(moment)s::timestamptz))
    ON CONFLICT (key) DO UPDATE
   SET value = to_jsonb(least((meta.value #>> '{}')::timestamptz, (excluded.value #>> '{}')::timestamptz));

-- name: take_judge_again
-- Take the request for judgement.
DELETE FROM meta WHERE key = 'judge_again_from' RETURNING value #>> '{}';

-- name: other_connections
-- How many other connections of this program's there are.
SELECT count(*) FROM pg_stat_activity
 WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND datname = current_database();

-- name: oldest_sample_time
-- When the oldest sample of all was taken.
SELECT min(x.time) AS oldest
  FROM series s
 CROSS JOIN LATERAL (SELECT time FROM samples WHERE series_id = s.series_id ORDER BY time LIMIT 1) x;

-- name: anomalies_active
-- Reader: anomalies that were active in a window, as they stood at a moment, the worst first.
SELECT e.id, e.component, e.instance, e.metric, e.anomaly_type, stood.severity, stood.status, e.flapping, e.started_at,
       CASE WHEN e.detected_at <= %(moment)s THEN e.detected_at END AS detected_at,
       least(e.last_seen_at, %(moment)s) AS last_seen_at,
       CASE WHEN e.resolved_at <= %(moment)s THEN e.resolved_at END AS resolved_at,
       CASE WHEN e.acknowledged_at <= %(moment)s THEN e.acknowledged_at END AS acknowledged_at,
       coalesce(sample.value, e.value) AS value, e.peak_value, e.expected, e.unit, e.threshold, e.why, e.message,
       e.analysis, e.no_data_cause, e.occurrences, e.incident_id
  FROM anomaly_events e
 CROSS JOIN LATERAL (
       SELECT CASE WHEN e.detected_at IS NULL OR e.detected_at > %(moment)s THEN 'pending'
                   WHEN e.resolved_at <= %(moment)s THEN 'resolved'
                   WHEN e.acknowledged_at <= %(moment)s THEN 'acknowledged'
                   WHEN e.status IN ('resolved', 'acknowledged') THEN 'firing'
                   ELSE e.status END AS status,
              CASE WHEN e.critical_at > %(moment)s THEN 'warning' ELSE e.severity END AS severity) stood
  LEFT JOIN series s ON s.metric = e.metric AND s.instance = e.instance AND s.component = e.component
  LEFT JOIN LATERAL (
       SELECT x.value FROM samples x
        WHERE x.series_id = s.series_id AND x.time >= e.started_at
          AND x.time <= least(%(moment)s, coalesce(e.resolved_at, %(moment)s))
        ORDER BY x.time DESC LIMIT 1) sample ON e.last_seen_at > %(moment)s
 WHERE e.started_at < %(end)s
   AND (e.resolved_at IS NULL OR e.resolved_at >= %(start)s)
   AND e.component = ANY(%(components)s)
   AND (%(metrics)s::text[] IS NULL OR e.metric = ANY(%(metrics)s) OR e.metric = '*')
   AND (%(instances)s::text[] IS NULL OR e.instance = ANY(%(instances)s) OR e.instance = '*')
   AND (%(severity)s::text IS NULL OR stood.severity = %(severity)s)
 ORDER BY stood.status = 'resolved', stood.status = 'pending', stood.severity, e.started_at, e.id;

-- name: freshness
-- Reader: of each component the newest sample up to a moment and how many series have sent one lately.
SELECT s.component, max(x.time) AS last_sample_at, count(*) AS series
  FROM series s
 CROSS JOIN LATERAL (SELECT time FROM samples
                      WHERE series_id = s.series_id AND time > %(since)s AND time <= %(moment)s
                      ORDER BY time DESC LIMIT 1) x
 GROUP BY s.component;

-- name: newest_values
-- Reader: the newest sample up to a moment of every series of some metrics that sent one lately.
SELECT s.component, s.instance, s.metric, x.value
  FROM series s
 CROSS JOIN LATERAL (SELECT value FROM samples
                      WHERE series_id = s.series_id AND time > %(since)s AND time <= %(moment)s
                      ORDER BY time DESC LIMIT 1) x
 WHERE s.metric = ANY(%(metrics)s);

-- name: figures_now
-- Reader: metrics as a whole at a moment, by the newest samples of their series that sent one lately.
SELECT s.metric, count(*) AS series, max(x.time) AS newest_at,
       sum(x.value) AS total, max(x.value) AS highest, min(x.value) AS lowest,
       (array_agg(s.instance ORDER BY x.value DESC, s.instance))[1] AS highest_at,
       (array_agg(s.instance ORDER BY x.value, s.instance))[1] AS lowest_at
  FROM series s
 CROSS JOIN LATERAL (SELECT value, time FROM samples
                      WHERE series_id = s.series_id AND time > %(since)s AND time <= %(moment)s
                      ORDER BY time DESC LIMIT 1) x
 WHERE s.metric = ANY(%(metrics)s)
 GROUP BY s.metric;

-- name: figures_course
-- Reader: how metrics as a whole went, in stretches of a given width: sum, highest and lowest of their series' means.
SELECT m.metric, m.bucket, sum(m.mean) AS total, max(m.mean) AS highest, min(m.mean) AS lowest
  FROM (SELECT s.metric, s.series_id, date_bin(%(width)s, x.time, %(start)s) AS bucket, avg(x.value) AS mean
          FROM series s
          JOIN samples x ON x.series_id = s.series_id AND x.time >= %(start)s AND x.time < %(end)s
         WHERE s.metric = ANY(%(metrics)s)
         GROUP BY s.metric, s.series_id, 3) m
 GROUP BY m.metric, m.bucket
 ORDER BY m.metric, m.bucket;

-- name: data_in
-- Reader: whether anything is known of the series asked for in the hours of a window.
SELECT EXISTS (
    SELECT FROM platform_metrics_1h
     WHERE bucket >= date_bin(interval '1 hour', %(start)s, timestamptz '2000-01-01 00:00+00')
       AND bucket < %(end)s
       AND component = ANY(%(components)s)
       AND (%(metrics)s::text[] IS NULL OR metric = ANY(%(metrics)s))
       AND (%(instances)s::text[] IS NULL OR instance = ANY(%(instances)s))) AS known;

-- name: open_by_component
-- Reader: what is open in each component at a moment.
SELECT e.component, e.instance, e.metric, e.anomaly_type,
       CASE WHEN e.critical_at > %(moment)s THEN 'warning' ELSE e.severity END AS severity,
       CASE WHEN e.detected_at IS NULL OR e.detected_at > %(moment)s THEN 'pending'
            WHEN e.acknowledged_at <= %(moment)s THEN 'acknowledged'
            WHEN e.status IN ('resolved', 'acknowledged') THEN 'firing' ELSE e.status END AS status
  FROM anomaly_events e
 WHERE e.started_at <= %(moment)s AND (e.resolved_at IS NULL OR e.resolved_at > %(moment)s)
   AND e.component = ANY(%(components)s)
 ORDER BY e.id;

-- name: oldest_data
-- Reader: the oldest hour of which anything is known.
SELECT least((SELECT min(hour) FROM rollup_dirty), (SELECT min(bucket) FROM rollup_1h)) AS oldest;

-- name: anomalies_detected
-- Reader: anomalies that began to fire in a window, newest first.
SELECT e.id, e.component, e.instance, e.metric, e.anomaly_type,
       CASE WHEN e.critical_at > %(moment)s THEN 'warning' ELSE e.severity END AS severity,
       CASE WHEN e.resolved_at <= %(moment)s THEN 'resolved'
            WHEN e.acknowledged_at <= %(moment)s THEN 'acknowledged'
            WHEN e.status IN ('resolved', 'acknowledged') THEN 'firing' ELSE e.status END AS status,
       e.flapping, e.started_at, e.detected_at, least(e.last_seen_at, %(moment)s) AS last_seen_at,
       CASE WHEN e.resolved_at <= %(moment)s THEN e.resolved_at END AS resolved_at,
       coalesce(sample.value, e.value) AS value, e.peak_value, e.expected, e.unit, e.threshold, e.why, e.message,
       e.analysis, e.no_data_cause, e.occurrences, e.incident_id
  FROM anomaly_events e
  LEFT JOIN series s ON s.metric = e.metric AND s.instance = e.instance AND s.component = e.component
  LEFT JOIN LATERAL (
       SELECT x.value FROM samples x
        WHERE x.series_id = s.series_id AND x.time >= e.started_at
          AND x.time <= least(%(moment)s, coalesce(e.resolved_at, %(moment)s))
        ORDER BY x.time DESC LIMIT 1) sample ON e.last_seen_at > %(moment)s
 WHERE e.detected_at >= %(start)s AND e.detected_at < %(end)s AND e.detected_at <= %(moment)s
   AND e.component = ANY(%(components)s)
   AND (%(metrics)s::text[] IS NULL OR e.metric = ANY(%(metrics)s))
   AND (%(instances)s::text[] IS NULL OR e.instance = ANY(%(instances)s))
   AND (%(severity)s::text IS NULL OR CASE WHEN e.critical_at > %(moment)s THEN 'warning' ELSE e.severity END = %(severity)s)
   AND (%(anomaly_type)s::text IS NULL OR e.anomaly_type = %(anomaly_type)s)
 ORDER BY e.detected_at DESC, e.id DESC
 LIMIT %(most)s;

-- name: anomaly_counts
-- Reader: the same anomalies, counted by what they are, and by the hour in which they began to fire. Hours that lie
-- wholly in the window and of which nothing changed after the moment are read from the summary by hour.
WITH hours AS MATERIALIZED (
     SELECT bucket, %(instances)s::text[] IS NULL AND bucket >= %(start)s AND bucket + interval '1 hour' <= %(end)s
                    AND max(settled_at) <= %(moment)s AS settled
       FROM anomaly_rollup_1h
      WHERE bucket > %(start)s::timestamptz - interval '1 hour' AND bucket < %(end)s AND bucket <= %(moment)s
      GROUP BY bucket),
known AS (
     SELECT r.bucket, r.component, r.severity, r.anomaly_type, r.metric, r.events, 0 AS open, r.first_at, r.last_at,
            r.longest
       FROM hours h
       JOIN anomaly_rollup_1h r USING (bucket)
      WHERE h.settled
      UNION ALL
     SELECT h.bucket, e.component, CASE WHEN e.critical_at > %(moment)s THEN 'warning' ELSE e.severity END,
            e.anomaly_type, e.metric, 1, CASE WHEN e.resolved_at <= %(moment)s THEN 0 ELSE 1 END, e.detected_at,
            e.detected_at, least(coalesce(e.resolved_at, %(moment)s), %(moment)s) - e.started_at
       FROM hours h
       JOIN anomaly_events e ON e.detected_at >= greatest(h.bucket, %(start)s)
                            AND e.detected_at < least(h.bucket + interval '1 hour', %(end)s)
                            AND e.detected_at <= %(moment)s
      WHERE NOT h.settled AND (%(instances)s::text[] IS NULL OR e.instance = ANY(%(instances)s))),
counted AS MATERIALIZED (
     SELECT * FROM known
      WHERE component = ANY(%(components)s)
        AND (%(metrics)s::text[] IS NULL OR metric = ANY(%(metrics)s))
        AND (%(severity)s::text IS NULL OR severity = %(severity)s)
        AND (%(anomaly_type)s::text IS NULL OR anomaly_type = %(anomaly_type)s))
SELECT component, severity, anomaly_type, metric, NULL::timestamptz AS bucket, sum(events) AS events,
       sum(open) AS open, min(first_at) AS first_at, max(last_at) AS last_at,
       round(extract(epoch FROM max(longest)))::bigint AS longest_seconds
  FROM counted
 GROUP BY component, severity, anomaly_type, metric
 UNION ALL
SELECT NULL, NULL, NULL, NULL, bucket, sum(events), NULL, NULL, NULL, NULL
  FROM counted
 GROUP BY bucket
 ORDER BY bucket;

-- name: incidents_detected
-- Reader: how many incidents these anomalies belong to.
SELECT count(*) AS incidents
  FROM (SELECT DISTINCT e.incident_id
          FROM anomaly_events e
         WHERE e.detected_at >= %(start)s AND e.detected_at < %(end)s AND e.detected_at <= %(moment)s
           AND e.component = ANY(%(components)s)
           AND (%(metrics)s::text[] IS NULL OR e.metric = ANY(%(metrics)s))
           AND (%(instances)s::text[] IS NULL OR e.instance = ANY(%(instances)s))
           AND (%(severity)s::text IS NULL
                OR CASE WHEN e.critical_at > %(moment)s THEN 'warning' ELSE e.severity END = %(severity)s)
           AND (%(anomaly_type)s::text IS NULL OR e.anomaly_type = %(anomaly_type)s)
           AND e.incident_id IS NOT NULL) found;

-- name: incidents_active
-- Reader: incidents that were going on in a window, as they stood at a moment, newest first.
SELECT i.id, i.pattern, i.severity, i.root_component, i.root_instance, i.root_metric, i.started_at, i.detected_at,
       CASE WHEN i.resolved_at <= %(moment)s THEN i.resolved_at END AS resolved_at,
       CASE WHEN i.resolved_at <= %(moment)s THEN 'resolved'
            WHEN i.status = 'resolved' THEN 'firing' ELSE i.status END AS status,
       i.chain, i.summary, i.rule, i.certain
  FROM incidents i
 WHERE i.merged_into IS NULL AND i.detected_at <= %(moment)s AND i.started_at < %(end)s
   AND (i.resolved_at IS NULL OR i.resolved_at >= %(start)s)
   AND EXISTS (SELECT FROM jsonb_array_elements(i.chain) link WHERE link ->> 'component' = ANY(%(components)s))
 ORDER BY i.started_at DESC, i.id DESC;

-- name: incident_anomalies
-- Reader: anomalies of some incidents that had begun to fire by a moment, as they stood then, in order of onset.
SELECT e.id, e.component, e.instance, e.metric, e.anomaly_type,
       CASE WHEN e.critical_at > %(moment)s THEN 'warning' ELSE e.severity END AS severity,
       CASE WHEN e.resolved_at <= %(moment)s THEN 'resolved'
            WHEN e.acknowledged_at <= %(moment)s THEN 'acknowledged'
            WHEN e.status IN ('resolved', 'acknowledged', 'pending') THEN 'firing' ELSE e.status END AS status,
       e.flapping, e.started_at, e.detected_at, least(e.last_seen_at, %(moment)s) AS last_seen_at,
       CASE WHEN e.resolved_at <= %(moment)s THEN e.resolved_at END AS resolved_at,
       coalesce(sample.value, e.value) AS value, e.peak_value, e.expected, e.unit, e.threshold, e.why, e.message,
       e.analysis, e.no_data_cause, e.occurrences, e.incident_id
  FROM anomaly_events e
  LEFT JOIN series s ON s.metric = e.metric AND s.instance = e.instance AND s.component = e.component
  LEFT JOIN LATERAL (
       SELECT x.value FROM samples x
        WHERE x.series_id = s.series_id AND x.time >= e.started_at
          AND x.time <= least(%(moment)s, coalesce(e.resolved_at, %(moment)s))
        ORDER BY x.time DESC LIMIT 1) sample ON e.last_seen_at > %(moment)s
 WHERE e.incident_id = ANY(%(incidents)s::bigint[]) AND e.detected_at <= %(moment)s
 ORDER BY e.started_at, e.id;

-- name: unknown_then
-- Reader: which of some incidents have anomalies that began to fire only after a moment.
SELECT DISTINCT e.incident_id
  FROM anomaly_events e
 WHERE e.incident_id = ANY(%(incidents)s::bigint[]) AND e.detected_at > %(moment)s;

-- name: courses
-- Reader: of each series the worst sample of a stretch up to a moment, and the means of its last minutes and of
-- those some time before.
SELECT n.component, n.instance, n.metric, worst.value AS worst, worst.time AS worst_at, late.mean AS lately,
       early.mean AS before
  FROM unnest(%(components)s::text[], %(instances)s::text[], %(metrics)s::text[], %(onsets)s::timestamptz[],
              %(earlier)s::timestamptz[], %(lower)s::boolean[])
       AS n(component, instance, metric, since, earlier, lower)
  JOIN series s ON s.metric = n.metric AND s.instance = n.instance AND s.component = n.component
 CROSS JOIN LATERAL (SELECT x.value, x.time FROM samples x
                      WHERE x.series_id = s.series_id AND x.time >= n.since AND x.time <= %(moment)s
                      ORDER BY CASE WHEN n.lower THEN x.value ELSE -x.value END, x.time LIMIT 1) worst
 CROSS JOIN LATERAL (SELECT avg(x.value) AS mean FROM samples x
                      WHERE x.series_id = s.series_id AND x.time > %(moment)s - %(width)s AND x.time <= %(moment)s) late
 CROSS JOIN LATERAL (SELECT avg(x.value) AS mean FROM samples x
                      WHERE x.series_id = s.series_id AND x.time > n.earlier - %(width)s AND x.time <= n.earlier) early;

-- name: trend_raw
-- Reader: series over a short window, from the samples themselves, in stretches of a given width.
SELECT s.component, s.instance, s.metric, date_bin(%(width)s, x.time, %(start)s) AS bucket, count(*) AS samples,
       avg(x.value) AS avg, min(x.value) AS min, max(x.value) AS max,
       (array_agg(x.time ORDER BY x.value))[1] AS min_at, (array_agg(x.time ORDER BY x.value DESC))[1] AS max_at
  FROM series s
  JOIN samples x ON x.series_id = s.series_id AND x.time >= %(start)s AND x.time < %(end)s
 WHERE s.metric = ANY(%(metrics)s)
   AND s.component = ANY(%(components)s)
   AND (%(instances)s::text[] IS NULL OR s.instance = ANY(%(instances)s))
 GROUP BY s.series_id, 4
 ORDER BY s.metric, s.component, s.instance, 4;

-- name: trend_1m
-- Reader: series over a longer window, from the rollups by minute.
SELECT component, instance, metric, date_bin(%(width)s, bucket, %(start)s) AS bucket, sum(samples)::bigint AS samples,
       sum(avg * samples) / sum(samples) AS avg, min(min) AS min, max(max) AS max,
       (array_agg(bucket ORDER BY min))[1] AS min_at, (array_agg(bucket ORDER BY max DESC))[1] AS max_at
  FROM platform_metrics_1m
 WHERE metric = ANY(%(metrics)s)
   AND component = ANY(%(components)s)
   AND (%(instances)s::text[] IS NULL OR instance = ANY(%(instances)s))
   AND bucket >= %(start)s AND bucket < %(end)s
 GROUP BY component, instance, metric, date_bin(%(width)s, bucket, %(start)s)
 ORDER BY metric, component, instance, 4;

-- name: trend_1h
-- Reader: series over a longer window, from the rollups by hour.
SELECT component, instance, metric, date_bin(%(width)s, bucket, %(start)s) AS bucket, sum(samples)::bigint AS samples,
       sum(avg * samples) / sum(samples) AS avg, min(min) AS min, max(max) AS max,
       (array_agg(bucket ORDER BY min))[1] AS min_at, (array_agg(bucket ORDER BY max DESC))[1] AS max_at
  FROM platform_metrics_1h
 WHERE metric = ANY(%(metrics)s)
   AND component = ANY(%(components)s)
   AND (%(instances)s::text[] IS NULL OR instance = ANY(%(instances)s))
   AND bucket >= %(start)s AND bucket < %(end)s
 GROUP BY component, instance, metric, date_bin(%(width)s, bucket, %(start)s)
 ORDER BY metric, component, instance, 4;

-- name: conversation
-- The last turns of a session, the oldest of them first.
SELECT question, answer
  FROM (SELECT turn, question, answer FROM conversation_turns
         WHERE owner = %(owner)s AND session_id = %(session)s ORDER BY turn DESC LIMIT %(most)s) latest
 ORDER BY turn;

-- name: use_session
-- Begin a session or see that it was used; two at once come one after the other.
INSERT INTO sessions (owner, id, title, updated_at)
VALUES (%(owner)s, %(session)s, %(title)s, %(at)s)
ON CONFLICT (owner, id) DO UPDATE SET updated_at = greatest(sessions.updated_at, excluded.updated_at);

-- name: add_turn
-- Add a turn at the end of a session.
INSERT INTO conversation_turns (owner, session_id, turn, asked_at, question, answer, reply)
SELECT %(owner)s, %(session)s, 1 + coalesce(max(turn), 0), %(at)s, %(question)s, %(answer)s, %(reply)s
  FROM conversation_turns
 WHERE owner = %(owner)s AND session_id = %(session)s;

-- name: forget_turns
-- Forget all but the last turns of a session.
DELETE FROM conversation_turns t
 WHERE owner = %(owner)s AND session_id = %(session)s
   AND turn <= (SELECT max(turn) FROM conversation_turns l
                 WHERE l.owner = t.owner AND l.session_id = t.session_id) - %(most)s;

-- name: sessions
-- The sessions of an owner, or one of them: title, when it was last used and how many turns are kept.
SELECT s.id, s.title, s.updated_at,
       (SELECT count(*) FROM conversation_turns t WHERE t.owner = s.owner AND t.session_id = s.id)::integer AS turns
  FROM sessions s
 WHERE s.owner = %(owner)s AND (%(session)s::text IS NULL OR s.id = %(session)s)
 ORDER BY s.updated_at DESC, s.id
 LIMIT %(most)s;

-- name: session_turns
-- Every turn of a session that is kept, the oldest first.
SELECT turn, asked_at, reply
  FROM conversation_turns
 WHERE owner = %(owner)s AND session_id = %(session)s
 ORDER BY turn;

-- name: rename_session
-- Give a session another title.
UPDATE sessions SET title = %(title)s WHERE owner = %(owner)s AND id = %(session)s;

-- name: delete_session
-- Forget a session with its turns.
DELETE FROM sessions WHERE owner = %(owner)s AND id = %(session)s;

-- name: forget_sessions
-- Forget the sessions that were not used since a time.
DELETE FROM sessions WHERE updated_at < %(before)s;

-- name: note_model_use
-- Note what a reply of a language model took.
INSERT INTO model_usage (at, purpose, tokens_in, tokens_out, cost)
VALUES (%(at)s, %(purpose)s, %(tokens_in)s, %(tokens_out)s, %(cost)s);

-- name: model_use
-- What language models took since a time, by all processes.
SELECT coalesce(sum(tokens_in + tokens_out), 0)::bigint AS tokens, coalesce(sum(cost), 0)::double precision AS cost
  FROM model_usage
 WHERE at > %(since)s;

-- name: forget_model_use
-- Forget what language models took before a time.
DELETE FROM model_usage WHERE at < %(before)s;

-- name: start_analysis
-- One after the other: whoever takes an incident to analyse.
SELECT pg_advisory_xact_lock(4305005);

-- name: count_analyses
-- How many incidents were asked about since a time.
SELECT count(*) FROM analyses WHERE asked_at > %(since)s;

-- name: incident_to_analyse
-- The oldest open, loud incident that became critical after a time and was not asked about.
SELECT i.id, i.pattern, i.rule, i.certain, i.severity, i.status, i.root_component, i.root_instance, i.root_metric,
       i.started_at, i.detected_at, i.summary, root.id AS event_id
  FROM incidents i
 CROSS JOIN LATERAL (SELECT e.id FROM anomaly_events e
                      WHERE e.incident_id = i.id AND e.component = i.root_component
                        AND e.instance = i.root_instance AND e.metric = i.root_metric
                      ORDER BY e.started_at, e.id LIMIT 1) root
 WHERE i.resolved_at IS NULL AND i.status = 'firing' AND i.severity = 'critical' AND NOT i.historic
   AND (SELECT min(e.critical_at) FROM anomaly_events e WHERE e.incident_id = i.id) >= %(since)s
   AND NOT EXISTS (SELECT FROM analyses a WHERE a.incident_id = i.id)
 ORDER BY i.id LIMIT 1;

-- name: claim_analysis
-- Note that an incident is asked about.
INSERT INTO analyses (incident_id, event_id, asked_at, model) VALUES (%(incident)s, %(root)s, %(at)s, %(model)s);

-- name: finish_analysis
-- Note what came of asking.
UPDATE analyses SET finished_at = %(at)s, problem = %(problem)s WHERE incident_id = %(incident)s;

-- name: store_analysis
-- Keep what was said with the event it is about.
UPDATE anomaly_events e SET analysis = %(text)s FROM analyses a WHERE a.incident_id = %(incident)s AND e.id = a.event_id;

-- name: list_events
-- Reader: a page of events, the newest first; the cursor is the id that the page before ended with.
SELECT e.id, e.component, e.instance, e.metric, e.anomaly_type, e.severity, e.status, e.flapping, e.started_at,
       e.detected_at, e.critical_at, e.last_seen_at, e.resolved_at, e.acknowledged_at, e.acknowledged_by, e.value,
       e.peak_value, e.expected, e.unit, e.threshold, e.why, e.message, e.analysis, e.no_data_cause, e.occurrences,
       e.incident_id
  FROM anomaly_events e
 WHERE (%(below)s::bigint IS NULL OR e.id < %(below)s)
   AND (%(component)s::text IS NULL OR e.component = %(component)s)
   AND (%(metric)s::text IS NULL OR e.metric = %(metric)s)
   AND (%(instance)s::text IS NULL OR e.instance = %(instance)s)
   AND (%(severity)s::text IS NULL OR e.severity = %(severity)s)
   AND (%(anomaly_type)s::text IS NULL OR e.anomaly_type = %(anomaly_type)s)
   AND (%(status)s::text IS NULL OR e.status = %(status)s OR (%(status)s = 'open' AND e.resolved_at IS NULL))
   AND (%(incident)s::bigint IS NULL OR e.incident_id = %(incident)s)
   AND (%(start)s::timestamptz IS NULL OR e.resolved_at IS NULL OR e.resolved_at >= %(start)s)
   AND (%(end)s::timestamptz IS NULL OR e.started_at < %(end)s)
 ORDER BY e.id DESC
 LIMIT %(most)s;

-- name: one_event
-- Reader: one event.
SELECT e.id, e.component, e.instance, e.metric, e.anomaly_type, e.severity, e.status, e.flapping, e.started_at,
       e.detected_at, e.critical_at, e.last_seen_at, e.resolved_at, e.acknowledged_at, e.acknowledged_by, e.value,
       e.peak_value, e.expected, e.unit, e.threshold, e.why, e.message, e.analysis, e.no_data_cause, e.occurrences,
       e.incident_id
  FROM anomaly_events e
 WHERE e.id = %(id)s;

-- name: events_of_one_incident
-- Reader: the events of an incident, in order of onset.
SELECT e.id, e.component, e.instance, e.metric, e.anomaly_type, e.severity, e.status, e.flapping, e.started_at,
       e.detected_at, e.critical_at, e.last_seen_at, e.resolved_at, e.acknowledged_at, e.acknowledged_by, e.value,
       e.peak_value, e.expected, e.unit, e.threshold, e.why, e.message, e.analysis, e.no_data_cause, e.occurrences,
       e.incident_id
  FROM anomaly_events e
 WHERE e.incident_id = %(incident)s
 ORDER BY e.started_at, e.id;

-- name: list_incidents
-- Reader: a page of incidents, the newest first; those that became part of others are left out.
SELECT i.id, i.pattern, i.rule, i.certain, i.status, i.severity, i.root_component, i.root_instance, i.root_metric,
       i.started_at, i.detected_at, i.resolved_at, i.chain, i.summary, i.merged_into
  FROM incidents i
 WHERE i.merged_into IS NULL
   AND (%(below)s::bigint IS NULL OR i.id < %(below)s)
   AND (%(component)s::text IS NULL
        OR EXISTS (SELECT FROM jsonb_array_elements(i.chain) link WHERE link ->> 'component' = %(component)s))
   AND (%(severity)s::text IS NULL OR i.severity = %(severity)s)
   AND (%(pattern)s::text IS NULL OR i.pattern = %(pattern)s OR i.rule = %(pattern)s)
   AND (%(status)s::text IS NULL OR i.status = %(status)s OR (%(status)s = 'open' AND i.resolved_at IS NULL))
   AND (%(start)s::timestamptz IS NULL OR i.resolved_at IS NULL OR i.resolved_at >= %(start)s)
   AND (%(end)s::timestamptz IS NULL OR i.started_at < %(end)s)
 ORDER BY i.id DESC
 LIMIT %(most)s;

-- name: one_incident
-- Reader: one incident, also one that became part of another.
SELECT i.id, i.pattern, i.rule, i.certain, i.status, i.severity, i.root_component, i.root_instance, i.root_metric,
       i.started_at, i.detected_at, i.resolved_at, i.chain, i.summary, i.merged_into
  FROM incidents i
 WHERE i.id = %(id)s;

-- name: announcements_of
-- Reader: what was put on record of an incident, oldest first.
SELECT id, incident_id, event_id, kind, severity, at, text, due, reason
  FROM announcements WHERE incident_id = %(incident)s ORDER BY id;

-- name: list_silences
-- Reader: a page of silences, the newest first; those that were over by a time only where all are asked for.
SELECT id, component, instance, metric, anomaly_type, starts_at, ends_at, created_by, reason
  FROM silences
 WHERE (%(below)s::bigint IS NULL OR id < %(below)s)
   AND (%(since)s::timestamptz IS NULL OR ends_at > %(since)s)
 ORDER BY id DESC
 LIMIT %(most)s;

-- name: count_open_incidents
-- Reader: how many incidents are not over.
SELECT count(*) AS incidents FROM incidents WHERE resolved_at IS NULL AND merged_into IS NULL;

-- name: session_page
-- A page of the sessions of an owner; it begins after the session that was last used at a time.
SELECT s.id, s.title, s.updated_at,
       (SELECT count(*) FROM conversation_turns t WHERE t.owner = s.owner AND t.session_id = s.id)::integer AS turns
  FROM sessions s
 WHERE s.owner = %(owner)s
   AND (%(moment)s::timestamptz IS NULL
        OR s.updated_at < %(moment)s OR (s.updated_at = %(moment)s AND s.id > %(session)s))
 ORDER BY s.updated_at DESC, s.id
 LIMIT %(most)s;

-- name: all_documents
-- Every document, by name.
SELECT d.id, d.path, d.name, d.title, d.media, d.digest, d.bytes, d.modified_ns, d.pages, d.status, d.problem, d.twin_of,
       d.indexed_at, (SELECT count(*) FROM document_passages p WHERE p.document_id = d.id) AS passages
  FROM documents d
 ORDER BY d.name, d.id;

-- name: put_document
-- A document as it was read last, new or instead of what was known of its path.
INSERT INTO documents (path, name, title, media, digest, bytes, modified_ns, pages, status, problem, twin_of, indexed_at)
VALUES (%(path)s, %(name)s, %(title)s, %(media)s, %(digest)s, %(bytes)s, %(modified_ns)s, %(pages)s, %(state)s,
        %(problem)s, %(twin_of)s, %(indexed_at)s)
    ON CONFLICT (path) DO UPDATE
   SET (name, title, media, digest, bytes, modified_ns, pages, status, problem, twin_of, indexed_at) =
       (excluded.name, excluded.title, excluded.media, excluded.digest, excluded.bytes, excluded.modified_ns,
        excluded.pages, excluded.status, excluded.problem, excluded.twin_of, excluded.indexed_at)
RETURNING id;

-- name: forget_passages
-- The passages of a document go.
DELETE FROM document_passages WHERE document_id = %(document)s;

-- name: add_passages
-- Passages of a document; `names` holds those of a passage one a line, `plain` its words parted by blanks.
INSERT INTO document_passages (document_id, place, page, heading, section, text, words, names)
SELECT %(document)s, n.place, n.page, n.heading, n.section, n.text,
       setweight(to_tsvector('english', %(title)s), 'A') || setweight(to_tsvector('english', n.plain_heading), 'B')
       || setweight(to_tsvector('english', n.plain), 'D'),
       array_to_tsvector(coalesce(string_to_array(nullif(n.names, ''), E'\n'), '{}'))
  FROM unnest(%(places)s::integer[], %(on_pages)s::integer[], %(headings)s::text[], %(sections)s::text[], %(texts)s::text[],
              %(plain_headings)s::text[], %(plains)s::text[], %(names)s::text[])
       AS n(place, page, heading, section, text, plain_heading, plain, names)
 ORDER BY n.place;

-- name: put_document_file
-- The bytes of a document that was uploaded.
INSERT INTO document_files (document_id, content) VALUES (%(document)s, %(content)s)
    ON CONFLICT (document_id) DO UPDATE SET content = excluded.content;

-- name: document_file
-- The bytes of a document that was uploaded.
SELECT content FROM document_files WHERE document_id = %(document)s;

-- name: touch_document
-- A document whose file was written again with the same bytes.
UPDATE documents SET modified_ns = %(modified_ns)s, bytes = %(bytes)s WHERE id = %(document)s;

-- name: drop_documents
-- Documents that are gone, with their passages.
DELETE FROM documents WHERE id = ANY(%(documents)s);

-- name: hide_document
-- A document that is not wanted, though its file is there.
UPDATE documents SET status = 'removed', problem = '', twin_of = NULL WHERE id = %(document)s;

-- name: document_terms
-- Reader: the stems of some words, each with its weight and how many passages hold it; exact names likewise; how many
-- passages there are.
WITH asked AS MATERIALIZED (
    SELECT l.lexeme, max(q.weight) AS weight, false AS exact
      FROM unnest(%(words)s::text[], %(weights)s::double precision[]) AS q(word, weight)
     CROSS JOIN LATERAL unnest(to_tsvector('english', q.word)) AS l
     GROUP BY l.lexeme
     UNION ALL
    SELECT n.name, 1.0, true FROM unnest(%(names)s::text[]) AS n(name)),
quoted AS MATERIALIZED (
    SELECT a.*, ('''' || replace(replace(a.lexeme, '\', '\\'), '''', '''''') || '''')::tsquery AS wanted
      FROM asked a)
SELECT q.lexeme, q.weight, q.exact,
       CASE WHEN q.exact THEN (SELECT count(*) FROM document_passages p WHERE p.names @@ q.wanted)
            ELSE (SELECT count(*) FROM document_passages p WHERE p.words @@ q.wanted) END AS passages,
       (SELECT count(*) FROM document_passages) AS total
  FROM quoted q;

-- name: document_hits
-- Reader: passages that hold one of some stems or names, the most telling first, each with what it holds and how much
-- that counts there: `telling` is how much it counts anywhere.
WITH asked AS MATERIALIZED (
    SELECT q.*, ('''' || replace(replace(q.lexeme, '\', '\\'), '''', '''''') || '''')::tsquery AS wanted
      FROM unnest(%(lexemes)s::text[], %(exact)s::boolean[], %(telling)s::double precision[])
           AS q(lexeme, exact, telling)),
hits AS (
    SELECT p.id, a.lexeme, a.exact, a.telling * ts_rank('{0.5, 0.5, 0.75, 0.6}', p.words, a.wanted) AS score
      FROM asked a
      JOIN document_passages p ON p.words @@ a.wanted
     WHERE NOT a.exact
     UNION ALL
    SELECT p.id, a.lexeme, a.exact, a.telling
      FROM asked a
      JOIN document_passages p ON p.names @@ a.wanted
     WHERE a.exact),
summed AS (
    SELECT h.id, array_agg(h.lexeme) AS lexemes, array_agg(h.exact) AS exact, array_agg(h.score) AS scores,
           sum(h.score) AS score
      FROM hits h
     GROUP BY h.id
     ORDER BY sum(h.score) DESC, h.id
     LIMIT %(most)s)
SELECT s.id, p.document_id, p.place, p.page, p.section, s.lexemes, s.exact, s.scores
  FROM summed s
  JOIN document_passages p ON p.id = s.id
 ORDER BY s.score DESC, s.id;

-- name: passages_by_id
-- Reader: passages with the documents they are of.
SELECT p.id, p.document_id, d.name AS file, d.title, d.media, p.page, p.place, p.heading, p.section, p.text
  FROM document_passages p
  JOIN documents d ON d.id = p.document_id
 WHERE p.id = ANY(%(passages)s);

-- name: sections_of_documents
-- Reader: the passages of some kinds of sections of some documents, in order.
SELECT p.id, p.document_id, d.name AS file, d.title, d.media, p.page, p.place, p.heading, p.section, p.text
  FROM document_passages p
  JOIN documents d ON d.id = p.document_id
 WHERE p.document_id = ANY(%(documents)s::bigint[]) AND p.section = ANY(%(sections)s::text[])
 ORDER BY p.document_id, p.place;

-- name: incidents_like
-- Reader: incidents that were over by a moment and began in the same way as another one, the newest first: by the same
-- rule, or with the same metric at the root.
SELECT i.id, i.pattern, i.rule, i.severity, i.root_component, i.root_instance, i.root_metric, i.started_at, i.resolved_at,
       i.summary, (SELECT string_agg(n.text, '; ' ORDER BY n.at) FROM notes n WHERE n.incident_id = i.id) AS notes
  FROM incidents i
 WHERE i.merged_into IS NULL AND i.resolved_at <= %(moment)s AND NOT (i.id = ANY(%(incidents)s::bigint[]))
   AND (i.root_metric = ANY(%(metrics)s::text[]) OR (i.rule <> '' AND i.rule = ANY(%(rules)s::text[])))
 ORDER BY i.started_at DESC, i.id DESC
 LIMIT %(most)s;

-- name: make_vectors
-- The table of vectors; it needs pgvector.
CREATE TABLE IF NOT EXISTS document_vectors (
    passage_id bigint PRIMARY KEY REFERENCES document_passages (id) ON DELETE CASCADE,
    model      text NOT NULL,
    embedding  vector NOT NULL
);

-- name: passages_without_vectors
-- Passages that have no vector of a model yet.
SELECT p.id, d.title, p.heading, p.text
  FROM document_passages p
  JOIN documents d ON d.id = p.document_id
 WHERE NOT EXISTS (SELECT FROM document_vectors v WHERE v.passage_id = p.id AND v.model = %(model)s)
 ORDER BY p.id
 LIMIT %(most)s;

-- name: put_vectors
-- Vectors of passages that are still there, in place of those of another model.
INSERT INTO document_vectors (passage_id, model, embedding)
SELECT n.passage, %(model)s, n.written::vector
  FROM unnest(%(passages)s::bigint[], %(vectors)s::text[]) AS n(passage, written)
  JOIN document_passages p ON p.id = n.passage
    ON CONFLICT (passage_id) DO UPDATE SET model = excluded.model, embedding = excluded.embedding;

-- name: nearest_passages
-- Reader: the passages whose vectors are nearest to one, with their likeness from -1 to 1.
SELECT v.passage_id AS id, 1 - (v.embedding <=> %(vector)s::vector) AS likeness
  FROM document_vectors v
 WHERE v.model = %(model)s AND vector_dims(v.embedding) = %(dimensions)s
 ORDER BY v.embedding <=> %(vector)s::vector, v.passage_id
 LIMIT %(most)s;

-- name: instances_listed
-- Reader: series of a metric with their newest value in a window and their anomalies there: those with anomalies
-- first, then those with the worst values, at last those that sent nothing; and how many there are.
SELECT s.instance, x.value, x.time AS newest_at, coalesce(e.anomalies, 0) AS anomalies, e.critical,
       count(*) OVER () AS matching
  FROM series s
  LEFT JOIN LATERAL (SELECT value, time FROM samples
                      WHERE series_id = s.series_id AND time >= %(start)s AND time < %(end)s
                      ORDER BY time DESC LIMIT 1) x ON true
  LEFT JOIN (SELECT instance, count(*) AS anomalies, bool_or(severity = 'critical') AS critical
               FROM anomaly_events
              WHERE component = %(component)s AND metric IN (%(metric)s, '*') AND detected_at IS NOT NULL
                AND started_at < %(end)s AND (resolved_at IS NULL OR resolved_at >= %(start)s)
              GROUP BY instance) e ON e.instance = s.instance
 WHERE s.metric = %(metric)s AND s.component = %(component)s
   AND (%(search)s::text IS NULL OR strpos(lower(s.instance), lower(%(search)s)) > 0)
 ORDER BY e.critical DESC NULLS LAST, e.anomalies DESC NULLS LAST,
          CASE WHEN %(lower_is_worse)s THEN -x.value ELSE x.value END DESC NULLS LAST, s.instance
 LIMIT %(most)s;

-- name: course_raw
-- Reader: how some series of a metric went, from the samples themselves, in stretches of a given width.
SELECT s.instance, date_bin(%(width)s, x.time, %(start)s) AS bucket, count(*) AS samples, avg(x.value) AS mean,
       min(x.value) AS low, max(x.value) AS high
  FROM series s
  JOIN samples x ON x.series_id = s.series_id AND x.time >= %(start)s AND x.time < %(end)s
 WHERE s.metric = %(metric)s AND s.component = %(component)s AND s.instance = ANY(%(instances)s)
 GROUP BY s.series_id, 2
 ORDER BY s.series_id, 2;

-- name: course_1m
-- Reader: the same from the rollups by minute.
SELECT instance, date_bin(%(width)s, bucket, %(start)s) AS bucket, sum(samples)::bigint AS samples,
       sum(avg * samples) / sum(samples) AS mean, min(min) AS low, max(max) AS high
  FROM platform_metrics_1m
 WHERE metric = %(metric)s AND component = %(component)s AND instance = ANY(%(instances)s)
   AND bucket >= %(start)s AND bucket < %(end)s
 GROUP BY instance, date_bin(%(width)s, bucket, %(start)s)
 ORDER BY instance, 2;

-- name: course_1h
-- Reader: the same from the rollups by hour.
SELECT instance, date_bin(%(width)s, bucket, %(start)s) AS bucket, sum(samples)::bigint AS samples,
       sum(avg * samples) / sum(samples) AS mean, min(min) AS low, max(max) AS high
  FROM platform_metrics_1h
 WHERE metric = %(metric)s AND component = %(component)s AND instance = ANY(%(instances)s)
   AND bucket >= %(start)s AND bucket < %(end)s
 GROUP BY instance, date_bin(%(width)s, bucket, %(start)s)
 ORDER BY instance, 2;

-- name: register_channel
-- Note that a channel is there; what was announced before it was, or while it was long gone, is not told.
INSERT INTO notification_channels (channel, since, seen_at) VALUES (%(channel)s, %(at)s, %(at)s)
    ON CONFLICT (channel) DO UPDATE
   SET since = CASE WHEN notification_channels.seen_at < %(oldest)s THEN excluded.since
                    ELSE notification_channels.since END,
       seen_at = greatest(notification_channels.seen_at, excluded.seen_at);

-- name: lease_channel
-- Take the right to send on a channel for some seconds, or hold it for longer, unless somebody else has it.
UPDATE notification_channels
   SET leased_by = %(by)s, leased_until = clock_timestamp() + %(width)s, seen_at = greatest(seen_at, %(at)s)
 WHERE channel = %(channel)s AND (leased_by IS NULL OR leased_by = %(by)s OR leased_until < clock_timestamp())
RETURNING since, failures, next_try_at;

-- name: release_channel
-- Give that right back.
UPDATE notification_channels SET leased_by = NULL, leased_until = NULL WHERE channel = %(channel)s AND leased_by = %(by)s;

-- name: deliveries_to_route
-- What was announced and a channel has nothing of yet, and of open incidents what its routes left out; oldest first.
SELECT a.id AS announcement_id, a.incident_id, a.kind, a.severity, NULL::bigint AS id,
       array_remove(array(SELECT i.root_component
                           UNION SELECT link ->> 'component' FROM jsonb_array_elements(i.chain) link), NULL)
       AS components,
       EXISTS (SELECT FROM notification_deliveries d
                WHERE d.channel = %(channel)s AND d.incident_id = a.incident_id
                  AND d.state IN ('waiting', 'delivered')) AS known
  FROM announcements a
  LEFT JOIN incidents i ON i.id = a.incident_id
 WHERE a.due AND a.at >= %(since)s
   AND NOT EXISTS (SELECT FROM notification_deliveries d
                    WHERE d.channel = %(channel)s AND d.incident_id = a.incident_id AND d.kind = a.kind AND d.round = 0)
 UNION ALL
SELECT d.announcement_id, d.incident_id, d.kind, d.severity, d.id,
       array(SELECT i.root_component UNION SELECT link ->> 'component' FROM jsonb_array_elements(i.chain) link), false
  FROM notification_deliveries d
  JOIN incidents i ON i.id = d.incident_id
 WHERE d.channel = %(channel)s AND d.state = 'elsewhere' AND i.resolved_at IS NULL
 ORDER BY announcement_id;

-- name: insert_deliveries
-- Put on the delivery log what a channel is to be told, and what its routes leave out.
INSERT INTO notification_deliveries (channel, incident_id, announcement_id, kind, severity, state, created_at, next_try_at)
VALUES %s ON CONFLICT (channel, incident_id, kind, round) DO NOTHING;

-- name: route_deliveries
-- Tell a channel after all what its routes left out until now.
UPDATE notification_deliveries SET state = 'waiting', created_at = %(at)s, next_try_at = %(at)s
 WHERE id = ANY(%(ids)s) AND state = 'elsewhere';

-- name: insert_repeats
-- What a channel was told of long ago and goes on is told again: once a thread.
INSERT INTO notification_deliveries (channel, incident_id, kind, round, severity, state, thread, created_at, next_try_at)
SELECT %(channel)s, found.incident_id, 'repeated',
       1 + (SELECT coalesce(max(r.round), 0) FROM notification_deliveries r
             WHERE r.channel = %(channel)s AND r.incident_id = found.incident_id AND r.kind = 'repeated'),
       found.severity, 'waiting', found.thread, %(at)s, %(at)s
  FROM (SELECT d.thread, max(d.delivered_at) AS told_at,
               min(d.incident_id) FILTER (WHERE i.id IS NOT NULL) AS incident_id,
               CASE WHEN bool_or(i.severity = 'critical') THEN 'critical' ELSE 'warning' END AS severity
          FROM notification_threads t
          JOIN notification_deliveries d ON d.channel = t.channel AND d.thread = t.thread AND d.state = 'delivered'
          LEFT JOIN incidents i ON i.id = d.incident_id AND i.resolved_at IS NULL AND i.status = 'firing'
         WHERE t.channel = %(channel)s AND t.ended_at IS NULL
         GROUP BY d.thread) found
 WHERE found.incident_id IS NOT NULL AND found.told_at <= %(before)s
   AND NOT EXISTS (SELECT FROM notification_deliveries w
                    WHERE w.channel = %(channel)s AND w.thread = found.thread AND w.state = 'waiting')
    ON CONFLICT (channel, incident_id, kind, round) DO NOTHING;

-- name: insert_updates
-- An incident that a channel was told of by itself and that reached a further component since: told once for each.
INSERT INTO notification_deliveries (channel, incident_id, kind, round, severity, state, created_at, next_try_at)
SELECT %(channel)s, i.id, 'updated', cardinality(now_in.components), i.severity, 'waiting', %(at)s, %(at)s
  FROM incidents i
 CROSS JOIN LATERAL (SELECT array(SELECT i.root_component
                                   UNION SELECT link ->> 'component' FROM jsonb_array_elements(i.chain) link)
                            AS components) now_in
 WHERE i.resolved_at IS NULL AND i.status = 'firing'
   AND EXISTS (SELECT FROM notification_deliveries d
                 JOIN notification_threads t ON t.channel = d.channel AND t.thread = d.thread
                WHERE d.channel = %(channel)s AND d.incident_id = i.id AND d.state = 'delivered'
                  AND t.ended_at IS NULL AND d.thread LIKE 'incident-%%')
   AND NOT now_in.components <@ (SELECT array_agg(told.component) FROM notification_deliveries d
                                  CROSS JOIN LATERAL unnest(d.components) told (component)
                                 WHERE d.channel = %(channel)s AND d.incident_id = i.id AND d.state = 'delivered')
    ON CONFLICT (channel, incident_id, kind, round) DO NOTHING;

-- name: waiting_deliveries
-- What a channel is to be told, how the incidents stand, and in which threads it was told of them.
SELECT d.id, d.incident_id, d.kind, d.severity, d.created_at, d.next_try_at, d.thread, d.attempts,
       coalesce(a.at, d.created_at) AS announced_at, i.status, coalesce(i.severity, d.severity) AS incident_severity,
       array(SELECT DISTINCT told.thread FROM notification_deliveries told
              WHERE told.channel = d.channel AND told.incident_id = d.incident_id AND told.state = 'delivered')
       AS threads,
       array(SELECT DISTINCT m.incident_id FROM notification_deliveries m
               JOIN incidents going_on ON going_on.id = m.incident_id AND going_on.status = 'firing'
              WHERE d.thread <> '' AND m.channel = d.channel AND m.thread = d.thread AND m.state = 'delivered')
       AS members
  FROM notification_deliveries d
  LEFT JOIN announcements a ON a.id = d.announcement_id
  LEFT JOIN incidents i ON i.id = d.incident_id
 WHERE d.channel = %(channel)s AND d.state = 'waiting'
 ORDER BY d.id LIMIT %(most)s;

-- name: threads_to_end
-- Threads of a channel all incidents of which are over, as was announced.
SELECT d.thread, array_agg(DISTINCT d.incident_id) AS incidents,
       CASE WHEN bool_or(d.severity = 'critical') THEN 'critical' ELSE 'warning' END AS severity,
       bool_and(EXISTS (SELECT FROM announcements w
                         WHERE w.incident_id = d.incident_id AND w.kind = 'withdrawn')) AS withdrawn
  FROM notification_threads t
  JOIN notification_deliveries d ON d.channel = t.channel AND d.thread = t.thread AND d.state = 'delivered'
 WHERE t.channel = %(channel)s AND t.ended_at IS NULL
 GROUP BY d.thread
HAVING bool_and(EXISTS (SELECT FROM announcements o
                         WHERE o.incident_id = d.incident_id AND o.kind IN ('resolved', 'withdrawn')))
 ORDER BY min(d.id);

-- name: give_deliveries_up
-- Stop trying what could not be delivered since a time, or was refused so often.
UPDATE notification_deliveries SET state = 'failed', reason = 'given up'
 WHERE channel = %(channel)s AND state = 'waiting' AND (created_at < %(before)s OR refusals >= %(most)s)
RETURNING id, incident_id, kind, last_error;

-- name: drop_deliveries
-- Note what need not be told any more, and why.
UPDATE notification_deliveries SET state = 'dropped', reason = %(reason)s
 WHERE id = ANY(%(ids)s) AND state = 'waiting';

-- name: open_thread
-- Note that a channel was told something in a thread, new or not.
INSERT INTO notification_threads (channel, thread, opened_at) VALUES (%(channel)s, %(thread)s, %(at)s)
    ON CONFLICT (channel, thread) DO NOTHING;

-- name: end_threads
-- Note that a channel was told that all is over.
UPDATE notification_threads SET ended_at = %(at)s
 WHERE channel = %(channel)s AND thread = ANY(%(threads)s) AND ended_at IS NULL;

-- name: deliveries_done
-- Note what a channel was told, when, in which thread, and which components it knows of by that.
UPDATE notification_deliveries d
   SET state = 'delivered', delivered_at = %(at)s, thread = %(thread)s, attempts = attempts + 1, last_error = '',
       components = array(SELECT i.root_component FROM incidents i WHERE i.id = d.incident_id
                           UNION SELECT link ->> 'component' FROM incidents i, jsonb_array_elements(i.chain) link
                                  WHERE i.id = d.incident_id)
 WHERE d.id = ANY(%(ids)s);

-- name: announcements_delivered
-- Note with what was announced when a channel delivered it.
UPDATE announcements a SET delivered = a.delivered || jsonb_build_object(%(channel)s::text, %(at)s::timestamptz)
  FROM notification_deliveries d
 WHERE d.id = ANY(%(ids)s) AND a.id = d.announcement_id AND NOT a.delivered ? %(channel)s;

-- name: channel_works
-- Note that a channel took a message.
UPDATE notification_channels SET failures = 0, next_try_at = NULL, last_error = '', last_success_at = %(at)s
 WHERE channel = %(channel)s;

-- name: channel_fails
-- Note that a channel did not take a message, and until when it is left alone.
UPDATE notification_channels SET failures = failures + 1, next_try_at = %(until)s, last_error = %(problem)s
 WHERE channel = %(channel)s;

-- name: deliveries_failed
-- Note that messages were not taken, and when they are tried again.
UPDATE notification_deliveries
   SET attempts = attempts + 1, refusals = refusals + %(refusals)s, last_error = %(problem)s, next_try_at = %(until)s
 WHERE id = ANY(%(ids)s);

-- name: incidents_to_tell
-- Incidents as they stand, to be told of.
SELECT id, pattern, rule, certain, severity, status, root_component, root_instance, root_metric, started_at, detected_at,
       resolved_at, chain, summary
  FROM incidents WHERE id = ANY(%(ids)s) ORDER BY id;

-- name: withdrawn_texts
-- Why incidents were withdrawn.
SELECT incident_id, severity, text FROM announcements WHERE incident_id = ANY(%(ids)s) AND kind = 'withdrawn';

-- name: open_severities
-- How many incidents are open, by severity.
SELECT severity, count(*) AS incidents FROM incidents
 WHERE resolved_at IS NULL AND merged_into IS NULL GROUP BY severity;

-- name: channel_states
-- Reader: how each channel does, and how much it was told.
SELECT c.channel, c.since, c.failures, c.next_try_at, c.last_error, c.last_success_at,
       count(*) FILTER (WHERE d.state = 'waiting') AS waiting,
       count(*) FILTER (WHERE d.state = 'delivered') AS delivered,
       count(*) FILTER (WHERE d.state = 'failed') AS failed
  FROM notification_channels c
  LEFT JOIN notification_deliveries d ON d.channel = c.channel
 GROUP BY c.channel ORDER BY c.channel;

-- name: last_deliveries
-- Reader: the delivery log, the newest first.
SELECT id, channel, incident_id, kind, severity, state, reason, created_at, next_try_at, attempts, last_error,
       delivered_at
  FROM notification_deliveries
 WHERE state <> 'elsewhere'
 ORDER BY coalesce(delivered_at, created_at) DESC, id DESC LIMIT %(most)s;

-- name: channels_behind
-- Reader: how often each channel failed in a row, and how much it is still to be told.
SELECT c.channel, c.failures,
       (SELECT count(*) FROM notification_deliveries d WHERE d.channel = c.channel AND d.state = 'waiting') AS waiting
  FROM notification_channels c WHERE c.seen_at >= %(since)s ORDER BY c.channel;
