//! SQL, and nothing but SQL: SQLite and PostgreSQL behind one set of statements.
