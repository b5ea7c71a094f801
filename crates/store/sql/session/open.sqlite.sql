-- WAL lets readers go on while one writes; FULL puts a commit on the disk before it is answered.
pragma journal_mode = wal;
pragma synchronous = full;
pragma foreign_keys = on;
pragma busy_timeout = 5000
