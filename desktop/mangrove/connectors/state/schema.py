"""The tables of state.sqlite, as the list of steps that lead to them."""

from collections.abc import Sequence

Migration = Sequence[str]
"""The statements that lead from one ``user_version`` to the next."""

_TABLES: Migration = (
    """CREATE TABLE profiles (
        profile_id TEXT PRIMARY KEY NOT NULL,
        name TEXT NOT NULL,
        name_key TEXT NOT NULL UNIQUE,
        value TEXT NOT NULL
    )""",
    # Slugs name folders in vaults, so one that was ever given out stays with its profile.
    "CREATE TABLE used_slugs (slug TEXT PRIMARY KEY NOT NULL, profile_id TEXT NOT NULL)",
    """CREATE TABLE vaults (
        vault_id TEXT PRIMARY KEY NOT NULL,
        name TEXT NOT NULL,
        name_key TEXT NOT NULL UNIQUE,
        value TEXT NOT NULL
    )""",
    """CREATE TABLE runs (
        run_id TEXT PRIMARY KEY NOT NULL,
        state TEXT NOT NULL,
        created_at TEXT NOT NULL,
        owner_pid INTEGER NOT NULL,
        owner_birth TEXT NOT NULL,
        value TEXT NOT NULL
    )""",
    "CREATE INDEX runs_by_age ON runs (created_at DESC)",
    "CREATE INDEX runs_by_state ON runs (state)",
    """CREATE TABLE run_log (
        run_id TEXT NOT NULL,
        number INTEGER NOT NULL,
        at TEXT NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (run_id, number)
    ) WITHOUT ROWID""",
    """CREATE TABLE scratch (
        profile_id TEXT NOT NULL,
        database TEXT NOT NULL,
        owner_pid INTEGER NOT NULL,
        owner_birth TEXT NOT NULL,
        PRIMARY KEY (profile_id, database)
    ) WITHOUT ROWID""",
    """CREATE TABLE scratch_databases (
        profile_id TEXT NOT NULL,
        name TEXT NOT NULL,
        owner_pid INTEGER NOT NULL,
        owner_birth TEXT NOT NULL,
        PRIMARY KEY (profile_id, name)
    ) WITHOUT ROWID""",
)

_JOBS: Migration = (
    """CREATE TABLE jobs (
        job_id TEXT PRIMARY KEY NOT NULL,
        name_key TEXT NOT NULL UNIQUE,
        value TEXT NOT NULL
    )""",
    """CREATE TABLE firings (
        job_id TEXT NOT NULL,
        begun_at TEXT NOT NULL,
        state TEXT NOT NULL,
        owner_pid INTEGER NOT NULL,
        owner_birth TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (job_id, begun_at)
    ) WITHOUT ROWID""",
    "CREATE INDEX firings_by_state ON firings (state)",
    """CREATE TABLE leases (
        name TEXT PRIMARY KEY NOT NULL,
        owner_pid INTEGER NOT NULL,
        owner_birth TEXT NOT NULL,
        since TEXT NOT NULL,
        beat_at TEXT NOT NULL
    )""",
)

_SEEN_BACKUPS: Migration = (
    """CREATE TABLE seen_backups (
        vault_id TEXT NOT NULL,
        backup TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (vault_id, backup)
    ) WITHOUT ROWID""",
    # Apart, for it outlives the backups: a vault is never numbered anew.
    """CREATE TABLE seen_sequences (
        vault_id TEXT PRIMARY KEY NOT NULL,
        sequence INTEGER NOT NULL
    ) WITHOUT ROWID""",
)

_ALERTS: Migration = (
    """CREATE TABLE alerts (
        key TEXT NOT NULL,
        opened_at TEXT NOT NULL,
        is_open INTEGER NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (key, opened_at)
    ) WITHOUT ROWID""",
    "CREATE INDEX alerts_by_age ON alerts (is_open, opened_at)",
    """CREATE TABLE deliveries (
        delivery_id TEXT PRIMARY KEY NOT NULL,
        target TEXT NOT NULL,
        state TEXT NOT NULL,
        made_at TEXT NOT NULL,
        due_at TEXT NOT NULL,
        value TEXT NOT NULL
    )""",
    "CREATE INDEX deliveries_by_state ON deliveries (state, due_at)",
    """CREATE TABLE channels (
        channel_id TEXT PRIMARY KEY NOT NULL,
        name_key TEXT NOT NULL UNIQUE,
        value TEXT NOT NULL
    )""",
    # One row each for the settings, and for when an agent looked last.
    "CREATE TABLE alert_notes (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)",
)

_ASSERTIONS: Migration = (
    """CREATE TABLE assertions (
        assertion_id TEXT PRIMARY KEY NOT NULL,
        profile_id TEXT NOT NULL,
        name_key TEXT NOT NULL,
        value TEXT NOT NULL,
        UNIQUE (profile_id, name_key)
    )""",
)

_FIGURES: Migration = (
    """CREATE TABLE objectives (
        profile_id TEXT NOT NULL,
        database TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (profile_id, database)
    ) WITHOUT ROWID""",
    """CREATE TABLE seen_databases (
        profile_id TEXT NOT NULL,
        name TEXT NOT NULL,
        first_seen TEXT NOT NULL,
        last_seen TEXT NOT NULL,
        collections INTEGER NOT NULL,
        PRIMARY KEY (profile_id, name)
    ) WITHOUT ROWID""",
    # Which schedule held when: a new one changes the future, never what was expected before.
    """CREATE TABLE schedule_versions (
        job_id TEXT NOT NULL,
        number INTEGER NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (job_id, number)
    ) WITHOUT ROWID""",
    "ALTER TABLE firings ADD COLUMN version INTEGER",
    "CREATE INDEX firings_by_age ON firings (begun_at)",
    # Computed from the record, so that a question about one kind reads no other.
    """ALTER TABLE runs ADD COLUMN kind TEXT GENERATED ALWAYS AS
        (CASE WHEN json_valid(value) THEN json_extract(value, '$.kind') END) VIRTUAL""",
    """ALTER TABLE runs ADD COLUMN profile TEXT GENERATED ALWAYS AS
        (CASE WHEN json_valid(value) THEN json_extract(value, '$.profile') END) VIRTUAL""",
    "CREATE INDEX runs_by_kind ON runs (kind, profile, created_at DESC)",
    "CREATE INDEX runs_by_ending ON runs (kind, state, created_at DESC)",
)

_AGENT: Migration = (
    # A beat is also kept in seconds that no moved clock and no night asleep can falsify.
    "ALTER TABLE leases ADD COLUMN beat_s REAL NOT NULL DEFAULT 0",
    "ALTER TABLE leases ADD COLUMN rank INTEGER NOT NULL DEFAULT 1",
    """CREATE TABLE agent_diary (
        number INTEGER PRIMARY KEY NOT NULL,
        value TEXT NOT NULL
    )""",
    "CREATE TABLE agent_rest (one INTEGER PRIMARY KEY CHECK (one = 1), value TEXT NOT NULL)",
    """CREATE TABLE lane_places (
        lane TEXT NOT NULL,
        run_id TEXT NOT NULL,
        title TEXT NOT NULL,
        owner_pid INTEGER NOT NULL,
        owner_birth TEXT NOT NULL,
        PRIMARY KEY (lane, run_id)
    ) WITHOUT ROWID""",
    "CREATE TABLE lane_limits (lane TEXT PRIMARY KEY NOT NULL, places INTEGER NOT NULL)",
)

_ATLAS: Migration = (
    """CREATE TABLE atlas_accounts (
        account_id TEXT PRIMARY KEY NOT NULL,
        name_key TEXT NOT NULL UNIQUE,
        value TEXT NOT NULL
    )""",
    "CREATE TABLE atlas_links (profile_id TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)",
    # What was last seen there; can be lost without harm.
    "CREATE TABLE atlas_views (profile_id TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)",
)

_GLANCE = """begun_s = strftime('%s', begun_at) + 0,
        slot_s = strftime('%s', json_extract(value, '$.slot_at')) + 0,
        ended_s = strftime('%s', json_extract(value, '$.ended_at')) + 0,
        problem = nullif(json_extract(value, '$.problem'), '')"""

_FIRINGS_AT_A_GLANCE: Migration = (
    # What is asked of tens of thousands at once, so that no record need be taken apart for it.
    "ALTER TABLE firings ADD COLUMN begun_s INTEGER",
    "ALTER TABLE firings ADD COLUMN slot_s INTEGER",
    "ALTER TABLE firings ADD COLUMN ended_s INTEGER",
    "ALTER TABLE firings ADD COLUMN problem TEXT",
    f"UPDATE firings SET {_GLANCE} WHERE json_valid(value)",  # noqa: S608 - our own text
    "DROP INDEX firings_by_age",
    """CREATE INDEX firings_at_a_glance
        ON firings (job_id, begun_s, slot_s, ended_s, state, problem)""",
    *(
        f"""CREATE TRIGGER firings_{name} AFTER {event} ON firings WHEN json_valid(NEW.value) BEGIN
            UPDATE firings SET {_GLANCE}
            WHERE job_id = NEW.job_id AND begun_at = NEW.begun_at;
        END"""  # noqa: S608 - our own text
        for name, event in (("put", "INSERT"), ("changed", "UPDATE OF value"))
    ),
)

_SNAPSHOTS: Migration = (
    """CREATE TABLE snapshots (
        snapshot TEXT PRIMARY KEY NOT NULL,
        taken_at TEXT NOT NULL,
        value TEXT NOT NULL
    )""",
    """CREATE TABLE snapshot_copies (
        backup TEXT PRIMARY KEY NOT NULL,
        snapshot TEXT NOT NULL,
        vault_id TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE snapshot_pieces (
        backup TEXT NOT NULL,
        path TEXT NOT NULL,
        number INTEGER NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (backup, path, number)
    ) WITHOUT ROWID""",
)

_VERSION_OF_SLOTS: Migration = (
    # Each time keeps the number of the schedule that expected it.
    """CREATE TRIGGER firings_version AFTER INSERT ON firings WHEN json_valid(NEW.value) BEGIN
        UPDATE firings SET version = (
            SELECT max(number) FROM schedule_versions AS held
            WHERE held.job_id = NEW.job_id
                AND strftime('%s', json_extract(held.value, '$.since')) + 0
                <= strftime('%s', json_extract(NEW.value, '$.slot_at')) + 0
        ) WHERE job_id = NEW.job_id AND begun_at = NEW.begun_at;
    END""",
    "DROP INDEX firings_at_a_glance",
    """CREATE INDEX firings_at_a_glance
        ON firings (job_id, begun_s, slot_s, ended_s, state, problem, version)""",
)

_SEEN_VAULTS: Migration = (
    # What was last seen of storages; can be lost without harm.
    "CREATE TABLE seen_vaults (vault_id TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)",
)

_MAKING: Migration = (
    # What restores make under its final name, from before it is created until they ended.
    """CREATE TABLE making (
        profile_id TEXT NOT NULL,
        database TEXT NOT NULL,
        collection TEXT NOT NULL,
        load TEXT NOT NULL,
        identity TEXT NOT NULL DEFAULT '',
        documents INTEGER,
        is_estimate INTEGER NOT NULL DEFAULT 0,
        in_new_database INTEGER NOT NULL DEFAULT 0,
        owner_pid INTEGER NOT NULL,
        owner_birth TEXT NOT NULL,
        PRIMARY KEY (profile_id, database, collection)
    ) WITHOUT ROWID""",
    "CREATE INDEX making_by_load ON making (load)",
)

MIGRATIONS: tuple[Migration, ...] = (
    _TABLES,
    _JOBS,
    _SEEN_BACKUPS,
    _ALERTS,
    _ASSERTIONS,
    _FIGURES,
    _AGENT,
    _ATLAS,
    _FIRINGS_AT_A_GLANCE,
    _SNAPSHOTS,
    _VERSION_OF_SLOTS,
    _SEEN_VAULTS,
    _MAKING,
)
