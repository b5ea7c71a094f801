insert into case_report (source, id, case_id) values ($1, $2, $3) on conflict (source, id) do nothing
