-- An attempt counts for its account at its network, for its account and for its network. What failed is forgotten
-- within minutes, so nothing is carried over.

DROP TABLE attempts;

CREATE TABLE attempts (
    -- A hash: people type passwords into the wrong field.
    account TEXT NOT NULL,
    network TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- The right password came after it, from this network: it counts for the network only.
    forgiven BOOLEAN NOT NULL
);

CREATE INDEX attempts_account ON attempts (account, at);
CREATE INDEX attempts_network ON attempts (network, at);
CREATE INDEX attempts_at ON attempts (at);

-- Networks an account was signed in to from: what others try from elsewhere does not keep its owner out there.
CREATE TABLE known_networks (
    account TEXT NOT NULL,
    network TEXT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (account, network)
);

CREATE INDEX known_networks_last ON known_networks (last_at);
