select 'journal_mode' as name, journal_mode as value from pragma_journal_mode
