"""The schema of the key store, version by version. What was published is never edited: a change is a new version.

Both databases take the same words. Times are microseconds since 1970, in UTC.
"""

KEYS: tuple[tuple[str, ...], ...] = (
    (
        """\
CREATE TABLE gateway_keys (
    sha256 TEXT NOT NULL PRIMARY KEY, -- 64 hex digits: the key itself is kept nowhere
    id TEXT NOT NULL,
    prefix TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    settings TEXT NOT NULL -- a JSON object: owner, tags, models, limits, budget
)""",
        "CREATE INDEX gateway_keys_id ON gateway_keys (id)",
        # One row, which every change writes first: so changes wait for each other, and readers see that there was one.
        "CREATE TABLE gateway_keys_version (version TEXT NOT NULL)",
        "INSERT INTO gateway_keys_version VALUES ('new')",
    ),
)
