-- How far a dead-letter topic has been copied is kept apart from the copies, which go once they are settled: a letter that
-- lies in the log for longer must not come back. What was copied before this step ends behind the newest copy.
insert into source_offset (name, next_offset)
select topic || ':0', max(position) + 1 from dead_letter where partition = 0 group by topic;

-- What may go is found without a look at what stays.
create index dead_letter_settled on dead_letter (received) where state <> 'open'
