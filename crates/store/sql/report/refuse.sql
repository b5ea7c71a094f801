-- Its content is kept by the dead letter: none equals what stands here, so the same again is no duplicate.
insert into report (source, id, content, state, reason, at) values ($1, $2, '', 'refused', $3, $4)
on conflict (source, id) do update set content = '', state = 'refused', reason = excluded.reason, at = excluded.at
where report.case_id is null
