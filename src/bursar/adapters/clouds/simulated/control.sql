-- The simulated control plane: one row of `clock`, every resource that ever was, every change by its token, every effect.
CREATE TABLE IF NOT EXISTS clock (id INTEGER PRIMARY KEY CHECK (id = 1), as_of TEXT NOT NULL, seed INTEGER NOT NULL, digest TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS resource (
  provider TEXT NOT NULL, id TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL,
  price TEXT, made_at TEXT NOT NULL, gone_at TEXT, back_at TEXT, back_as TEXT, PRIMARY KEY (provider, id)
);
CREATE TABLE IF NOT EXISTS call (
  token TEXT PRIMARY KEY, provider TEXT NOT NULL, resource TEXT NOT NULL, verb TEXT NOT NULL, state TEXT NOT NULL, detail TEXT NOT NULL,
  at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS effect (seq INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT NOT NULL, what TEXT NOT NULL, resource TEXT NOT NULL);
