-- Folders, records with their secrets, PAM settings and links, shares, history, tests of connections.

CREATE TABLE folders (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    created_by TEXT NOT NULL REFERENCES people (id),
    created_at BIGINT NOT NULL
);

CREATE TABLE records (
    id TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('configuration', 'database', 'user')),
    title TEXT NOT NULL,
    folder TEXT REFERENCES folders (id),
    -- JSON: the fields of the kind, never a secret.
    body TEXT NOT NULL,
    -- What the search looks through, in lower case; made from title and body.
    haystack TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_by TEXT NOT NULL REFERENCES people (id),
    created_at BIGINT NOT NULL,
    updated_by TEXT NOT NULL REFERENCES people (id),
    updated_at BIGINT NOT NULL,
    last_used_at BIGINT
);

CREATE INDEX records_kind ON records (kind, title);
CREATE INDEX records_folder ON records (folder);

-- Sealed by the vault: each with a data key of its own, wrapped by the master key.
CREATE TABLE record_secrets (
    record TEXT NOT NULL REFERENCES records (id),
    field TEXT NOT NULL CHECK (field IN ('password', 'private_key')),
    wrapped_key TEXT NOT NULL,
    ciphertext TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (record, field)
);

CREATE TABLE record_settings (
    record TEXT PRIMARY KEY NOT NULL REFERENCES records (id),
    -- JSON: both tabs of the PAM settings.
    body TEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_by TEXT NOT NULL REFERENCES people (id),
    updated_at BIGINT NOT NULL
);

-- Where settings point, so that what is linked to is not deleted.
CREATE TABLE record_links (
    record TEXT NOT NULL REFERENCES records (id),
    kind TEXT NOT NULL CHECK (kind IN ('configuration', 'administrative', 'launch', 'account')),
    target TEXT NOT NULL REFERENCES records (id),
    PRIMARY KEY (record, kind, target)
);

CREATE INDEX record_links_target ON record_links (target);

-- How the last test with each credential ended; a row goes when host, port, TLS or the credential changes.
CREATE TABLE record_tests (
    record TEXT NOT NULL REFERENCES records (id),
    credential TEXT NOT NULL CHECK (credential IN ('administrative', 'launch')),
    at BIGINT NOT NULL,
    -- Why it failed, in a sentence; none means verified.
    failure TEXT,
    PRIMARY KEY (record, credential)
);

CREATE TABLE shares (
    scope TEXT NOT NULL CHECK (scope IN ('record', 'folder')),
    -- Id of the record or folder.
    target TEXT NOT NULL,
    person TEXT NOT NULL REFERENCES people (id),
    may_edit BOOLEAN NOT NULL,
    may_launch BOOLEAN NOT NULL,
    may_reveal BOOLEAN NOT NULL,
    granted_by TEXT NOT NULL REFERENCES people (id),
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (scope, target, person)
);

CREATE INDEX shares_person ON shares (person, scope, target);

-- Outlives its record.
CREATE TABLE record_history (
    record TEXT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    person TEXT NOT NULL REFERENCES people (id),
    action TEXT NOT NULL,
    -- JSON: field, before, after; of secrets only that they changed.
    changes TEXT NOT NULL,
    PRIMARY KEY (record, number)
);
