-- Seats of live cases by where they stand.
select seat.competence as competence, seat.state as state, count(*) as seats
from seat join cases on cases.id = seat.case_id
where cases.live = 1
group by seat.competence, seat.state order by seat.competence, seat.state
