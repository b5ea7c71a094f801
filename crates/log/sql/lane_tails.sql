-- Where each lane ends: the offset that its next record gets.
select coalesce((select max(r.position) + 1 from record r where r.lane = l.id), l.first) from lane l order by l.id
