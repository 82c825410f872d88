"""The ledger's schema, version by version. What was published is never edited: a change is a new version."""

SQLITE: tuple[tuple[str, ...], ...] = (
    (
        """\
CREATE TABLE gateway_ledger (
    id TEXT NOT NULL PRIMARY KEY,
    finished_at INTEGER NOT NULL, -- microseconds since 1970, UTC
    request_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    key_id TEXT,
    route TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    requested_model TEXT NOT NULL,
    dialect TEXT NOT NULL,
    streaming INTEGER NOT NULL,
    status INTEGER NOT NULL,
    error TEXT,
    attempts INTEGER NOT NULL,
    input_tokens INTEGER,
    output_tokens INTEGER,
    cached_input_tokens INTEGER,
    cache_write_tokens INTEGER,
    cache_write_1h_tokens INTEGER,
    audio_input_tokens INTEGER,
    reasoning_tokens INTEGER,
    audio_output_tokens INTEGER,
    estimated INTEGER NOT NULL,
    images INTEGER,
    service_tier TEXT,
    cost TEXT, -- USD; a text, as SQLite's own numbers would lose digits
    saved TEXT,
    duration REAL NOT NULL, -- seconds
    time_to_first_token REAL,
    revision TEXT NOT NULL,
    finish_reason TEXT,
    tags TEXT NOT NULL, -- a JSON object
    receipt TEXT
)""",
        "CREATE INDEX gateway_ledger_time ON gateway_ledger (finished_at, id)",
        "CREATE INDEX gateway_ledger_request ON gateway_ledger (request_id)",
        "CREATE INDEX gateway_ledger_key ON gateway_ledger (key_id, finished_at, id)",
    ),
)

POSTGRES: tuple[tuple[str, ...], ...] = (
    (
        # Bytes and no language's order: pages go by id, and all ledgers have to agree on what comes after what.
        """\
CREATE TABLE gateway_ledger (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    finished_at timestamptz NOT NULL,
    request_id text NOT NULL,
    kind text NOT NULL,
    key_id text,
    route text NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    requested_model text NOT NULL,
    dialect text NOT NULL,
    streaming boolean NOT NULL,
    status integer NOT NULL,
    error text,
    attempts integer NOT NULL,
    input_tokens bigint,
    output_tokens bigint,
    cached_input_tokens bigint,
    cache_write_tokens bigint,
    cache_write_1h_tokens bigint,
    audio_input_tokens bigint,
    reasoning_tokens bigint,
    audio_output_tokens bigint,
    estimated boolean NOT NULL,
    images bigint,
    service_tier text,
    cost numeric, -- USD, every digit
    saved numeric,
    duration double precision NOT NULL, -- seconds
    time_to_first_token double precision,
    revision text NOT NULL,
    finish_reason text,
    tags jsonb NOT NULL,
    receipt text
)""",
        "CREATE INDEX gateway_ledger_time ON gateway_ledger (finished_at, id)",
        "CREATE INDEX gateway_ledger_request ON gateway_ledger (request_id)",
        "CREATE INDEX gateway_ledger_key ON gateway_ledger (key_id, finished_at, id)",
    ),
)
