-- A report that admit never claimed (its log came from elsewhere) is claimed now, with a content that equals no other.
insert into report (source, id, content, state, case_id, reason, at) values ($1, $2, '', $3, $4, $5, 0)
on conflict (source, id) do update set state = excluded.state, case_id = excluded.case_id, reason = excluded.reason
