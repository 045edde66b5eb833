-- Conversations belong to somebody, have a title, and keep what each answer rests on; what language models were used for.

CREATE TABLE sessions (
    owner      text NOT NULL,
    id         text NOT NULL,
    title      text NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (owner, id)
);
CREATE INDEX sessions_by_time ON sessions (owner, updated_at DESC);
COMMENT ON TABLE sessions IS 'Conversations; owner is empty where people are not told apart';

INSERT INTO sessions (owner, id, title, updated_at)
SELECT '', session_id, left((array_agg(question ORDER BY turn))[1], 120), max(asked_at)
  FROM conversation_turns
 GROUP BY session_id;

ALTER TABLE conversation_turns
    ADD COLUMN owner text NOT NULL DEFAULT '',
    ADD COLUMN reply jsonb;
UPDATE conversation_turns
   SET reply = jsonb_build_object(
           'question', question, 'answer', answer, 'session_id', session_id, 'model', model,
           'as_of', to_char(asked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'grounded', true,
           'untraced', '[]'::jsonb, 'demo', false, 'notes', '[]'::jsonb, 'tool_calls', '[]'::jsonb);
ALTER TABLE conversation_turns
    ALTER COLUMN owner DROP DEFAULT,
    ALTER COLUMN reply SET NOT NULL,
    DROP CONSTRAINT conversation_turns_pkey,
    ADD PRIMARY KEY (owner, session_id, turn),
    ADD FOREIGN KEY (owner, session_id) REFERENCES sessions (owner, id) ON DELETE CASCADE,
    DROP COLUMN model;
COMMENT ON COLUMN conversation_turns.reply IS 'The answer as ask --json gives it; rows beyond a cap are left out';

CREATE TABLE model_usage (
    at         timestamptz NOT NULL,
    purpose    text NOT NULL,
    tokens_in  bigint NOT NULL,
    tokens_out bigint NOT NULL,
    cost       double precision NOT NULL
);
CREATE INDEX model_usage_by_time ON model_usage (at);
COMMENT ON TABLE model_usage IS 'Tokens that replies of a language model took, and what they cost by the prices that are set';
