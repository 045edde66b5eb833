-- What people do about events, what is told of incidents, and what a restarted monitor needs to go on exactly.

ALTER TABLE incidents ADD COLUMN historic boolean NOT NULL DEFAULT true;
ALTER TABLE incidents ALTER COLUMN historic SET DEFAULT false;
COMMENT ON COLUMN incidents.historic IS 'Found long after it began, in samples that came late: nobody is told';
CREATE INDEX incidents_open ON incidents (id) WHERE resolved_at IS NULL;

ALTER TABLE anomaly_events
    ADD COLUMN acknowledged_by text,
    ADD COLUMN clear_since     timestamptz,
    ADD COLUMN quiet_for       interval,
    ADD COLUMN rewound         boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN anomaly_events.clear_since IS 'Since when the condition is gone, where it is';
COMMENT ON COLUMN anomaly_events.quiet_for IS 'How long the condition of a flapping event must be gone for it to be over';
COMMENT ON COLUMN anomaly_events.rewound IS 'Waits to be taken up by judging again, because something hangs on it';
CREATE INDEX anomaly_events_rewound ON anomaly_events (fingerprint) WHERE rewound;

CREATE TABLE notes (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id    bigint REFERENCES anomaly_events (id) ON DELETE CASCADE,
    incident_id bigint REFERENCES incidents (id) ON DELETE CASCADE,
    at          timestamptz NOT NULL,
    author      text NOT NULL,
    text        text NOT NULL,
    CHECK (num_nonnulls(event_id, incident_id) = 1)
);
CREATE INDEX notes_by_event ON notes (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX notes_by_incident ON notes (incident_id) WHERE incident_id IS NOT NULL;
COMMENT ON TABLE notes IS 'What people wrote down about an event or an incident';

CREATE TABLE silences (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    component    text NOT NULL DEFAULT '*',
    instance     text NOT NULL DEFAULT '*',
    metric       text NOT NULL DEFAULT '*',
    anomaly_type text NOT NULL DEFAULT '*',
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL CHECK (ends_at >= starts_at),
    created_by   text NOT NULL DEFAULT '',
    reason       text NOT NULL DEFAULT ''
);
CREATE INDEX silences_by_end ON silences (ends_at);
COMMENT ON TABLE silences IS 'Matching events are kept quiet over [starts_at, ends_at); * stands for all';

-- No reference to incidents: what people were told stays true when an incident is withdrawn.
CREATE TABLE announcements (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id bigint NOT NULL,
    event_id    bigint,
    kind        text NOT NULL CHECK (kind IN ('opened', 'escalated', 'resolved', 'withdrawn')),
    severity    text NOT NULL CHECK (severity IN ('warning', 'critical')),
    at          timestamptz NOT NULL,
    text        text NOT NULL,
    due         boolean NOT NULL,
    reason      text NOT NULL,
    delivered   jsonb NOT NULL DEFAULT '{}',
    UNIQUE (incident_id, kind)
);
COMMENT ON TABLE announcements IS 'What people are to be told of incidents, each thing once; delivered: when, by channel';

CREATE TABLE analyses (
    incident_id bigint PRIMARY KEY,
    event_id    bigint NOT NULL,
    asked_at    timestamptz NOT NULL,
    finished_at timestamptz,
    model       text NOT NULL DEFAULT '',
    problem     text NOT NULL DEFAULT ''
);
CREATE INDEX analyses_by_time ON analyses (asked_at);
COMMENT ON TABLE analyses IS 'Incidents a language model was asked about; what it said is kept with the root event';
