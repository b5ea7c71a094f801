insert into lease (name, owner, epoch, lease_until) values ($1, $2, 1, $3)
on conflict (name) do update set owner = excluded.owner, epoch = lease.epoch + 1, lease_until = excluded.lease_until
where lease.owner is null or lease.owner = excluded.owner or lease.lease_until <= $4
returning epoch
