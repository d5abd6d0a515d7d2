-- Personal credentials: PAM Users that belong to one person.

ALTER TABLE records ADD COLUMN owner TEXT REFERENCES people (id);

CREATE INDEX records_owner ON records (owner);
