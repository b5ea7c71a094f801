-- How many episodes the cases of a kind carry, ended ones too.
select count(*) as episodes from case_episode join cases on cases.id = case_episode.case_id where cases.kind = $1
