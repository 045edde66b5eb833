-- Conversations: what was asked and answered, shared by every front-end.

CREATE TABLE conversation_turns (
    session_id text NOT NULL,
    turn       integer NOT NULL,
    asked_at   timestamptz NOT NULL,
    question   text NOT NULL,
    answer     text NOT NULL,
    model      text NOT NULL,
    PRIMARY KEY (session_id, turn)
);
CREATE INDEX conversation_turns_by_time ON conversation_turns (asked_at DESC);
