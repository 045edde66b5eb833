-- Documents that questions are answered from: which there are, and their passages as full text.

CREATE TABLE documents (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    path        text NOT NULL UNIQUE,
    name        text NOT NULL,
    title       text NOT NULL,
    media       text NOT NULL,
    digest      text NOT NULL,
    bytes       bigint NOT NULL,
    modified_ns bigint NOT NULL,
    pages       integer NOT NULL,
    status      text NOT NULL CHECK (status IN ('read', 'twin', 'failed', 'removed')),
    problem     text NOT NULL,
    twin_of     bigint REFERENCES documents (id) ON DELETE SET NULL,
    indexed_at  timestamptz NOT NULL
);
CREATE INDEX documents_by_digest ON documents (digest);
COMMENT ON TABLE documents IS 'Documents by where they come from: a path, or upload:NAME; twins have the bytes of another one';
COMMENT ON COLUMN documents.problem IS 'Why it could not be read, where the status is failed';

CREATE TABLE document_files (
    document_id bigint PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
    content     bytea NOT NULL
);
COMMENT ON TABLE document_files IS 'Documents that were uploaded, byte by byte; the others are where their paths say';

CREATE TABLE document_passages (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_id bigint NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    place       integer NOT NULL,
    page        integer NOT NULL,
    heading     text NOT NULL,
    section     text NOT NULL,
    text        text NOT NULL,
    words       tsvector NOT NULL,
    names       tsvector NOT NULL,
    UNIQUE (document_id, place)
);
CREATE INDEX document_passages_words ON document_passages USING gin (words) WITH (fastupdate = off);
CREATE INDEX document_passages_names ON document_passages USING gin (names) WITH (fastupdate = off);
COMMENT ON COLUMN document_passages.words IS 'Stemmed English: A the document''s title, B the headings, D the passage itself';
COMMENT ON COLUMN document_passages.names IS 'Names, codes and numbers exactly as they stand, in lower case';
