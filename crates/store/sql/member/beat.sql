insert into member (role, owner, lease_until) values ($1, $2, $3)
on conflict (role, owner) do update set lease_until = excluded.lease_until
