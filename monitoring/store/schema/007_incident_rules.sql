-- What kind of failure an incident is in finer words, whether its root is known for sure, and what it became part of.

ALTER TABLE incidents
  ADD COLUMN rule        text NOT NULL DEFAULT '',
  ADD COLUMN certain     boolean NOT NULL DEFAULT true,
  ADD COLUMN merged_into bigint REFERENCES incidents (id) ON DELETE SET NULL;

COMMENT ON COLUMN incidents.rule IS 'The pattern in finer words, such as phantom_lag; empty where none fits';
COMMENT ON COLUMN incidents.certain IS 'False where it cannot be told which of the first signs was the cause';
COMMENT ON COLUMN incidents.merged_into IS 'The incident this one turned out to be an effect of; it has no events any more';
