-- The index of live cases by kind and latitude looked to the planner, which knew nothing of the table yet, as good as the
-- unique one by kind and subject: looking up a subject went through every live case of its kind. A strip of latitude is
-- narrow enough without the kind.
drop index case_near;
create index case_near on cases (lat) where live = 1;

-- Nothing asks for conditions by this index, and without it a condition that moves changes no index at all.
drop index condition_state
