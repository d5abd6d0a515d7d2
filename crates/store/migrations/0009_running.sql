-- How far a recording's open segment was when it was last noted: what is missing of it later was removed.

ALTER TABLE sessions ADD COLUMN chain_running TEXT;
