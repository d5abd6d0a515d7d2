-- Gateways: names for the folders they may serve; their instances, each with a key of its own; and the tokens that enroll
-- one instance each.

-- Instances of one gateway are counted one at a time.
INSERT INTO locks (name, turn) VALUES ('gateways', 0);

CREATE TABLE gateways (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    -- JSON: rules of what it may connect to, as they are written.
    targets TEXT NOT NULL,
    address_lock BOOLEAN NOT NULL,
    max_instances BIGINT NOT NULL,
    created_by TEXT NOT NULL REFERENCES people (id),
    created_at BIGINT NOT NULL
);

CREATE TABLE gateway_folders (
    gateway TEXT NOT NULL REFERENCES gateways (id),
    folder TEXT NOT NULL REFERENCES folders (id),
    PRIMARY KEY (gateway, folder)
);

CREATE INDEX gateway_folders_folder ON gateway_folders (folder);

CREATE TABLE gateway_tokens (
    token_hash TEXT PRIMARY KEY NOT NULL,
    gateway TEXT NOT NULL REFERENCES gateways (id),
    created_by TEXT NOT NULL REFERENCES people (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE INDEX gateway_tokens_gateway ON gateway_tokens (gateway);

CREATE TABLE gateway_instances (
    id TEXT PRIMARY KEY NOT NULL,
    gateway TEXT NOT NULL REFERENCES gateways (id),
    -- Ed25519, in hex.
    public_key TEXT NOT NULL UNIQUE,
    machine TEXT NOT NULL,
    version TEXT NOT NULL,
    -- Where it was enrolled from.
    address TEXT NOT NULL,
    enrolled_at BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE INDEX gateway_instances_gateway ON gateway_instances (gateway, enrolled_at);
