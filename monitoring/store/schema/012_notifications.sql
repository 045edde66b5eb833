-- What each channel was told, is to be told and could not be told.

CREATE TABLE notification_channels (
    channel         text PRIMARY KEY,
    since           timestamptz NOT NULL,
    seen_at         timestamptz NOT NULL,
    failures        integer NOT NULL DEFAULT 0,
    next_try_at     timestamptz,
    last_error      text NOT NULL DEFAULT '',
    last_success_at timestamptz,
    leased_by       text,
    leased_until    timestamptz
);
COMMENT ON TABLE notification_channels IS 'Channels by name: what was announced since is told; failures in a row, and until when it is left alone';
COMMENT ON COLUMN notification_channels.leased_until IS 'By the clock of the database: until then nobody but leased_by sends';

CREATE TABLE notification_threads (
    channel   text NOT NULL REFERENCES notification_channels ON DELETE CASCADE,
    thread    text NOT NULL,
    opened_at timestamptz NOT NULL,
    ended_at  timestamptz,
    PRIMARY KEY (channel, thread)
);
COMMENT ON TABLE notification_threads IS 'All that a channel was told about one incident, or about many at once; the name is the key of alerts';

-- No reference to incidents: what people were told stays true when an incident is withdrawn.
CREATE TABLE notification_deliveries (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel         text NOT NULL REFERENCES notification_channels ON DELETE CASCADE,
    incident_id     bigint NOT NULL,
    announcement_id bigint,
    kind            text NOT NULL
                    CHECK (kind IN ('opened', 'updated', 'escalated', 'repeated', 'resolved', 'withdrawn')),
    round           integer NOT NULL DEFAULT 0,
    severity        text NOT NULL CHECK (severity IN ('warning', 'critical')),
    state           text NOT NULL CHECK (state IN ('waiting', 'delivered', 'dropped', 'failed', 'elsewhere')),
    reason          text NOT NULL DEFAULT '',
    thread          text NOT NULL DEFAULT '',
    components      text[] NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL,
    next_try_at     timestamptz NOT NULL,
    attempts        integer NOT NULL DEFAULT 0,
    refusals        integer NOT NULL DEFAULT 0,
    last_error      text NOT NULL DEFAULT '',
    delivered_at    timestamptz,
    UNIQUE (channel, incident_id, kind, round)
);
CREATE INDEX notification_deliveries_waiting ON notification_deliveries (channel) WHERE state IN ('waiting', 'elsewhere');
CREATE INDEX notification_deliveries_by_thread ON notification_deliveries (channel, thread);
COMMENT ON TABLE notification_deliveries IS 'The delivery log: what of an incident a channel is told, each thing once; elsewhere: its routes leave it out';

CREATE INDEX announcements_by_time ON announcements (at);
