-- Free or run out: taken, and the epoch rises. Still this owner's: renewed, and it stays.
insert into lease (name, owner, epoch, lease_until) values ($1, $2, 1, $3)
on conflict (name) do update set
  epoch = case when lease.owner = excluded.owner and lease.lease_until > $4 then lease.epoch else lease.epoch + 1 end,
  owner = excluded.owner, lease_until = excluded.lease_until
where lease.owner is null or lease.owner = excluded.owner or lease.lease_until <= $4
returning epoch
