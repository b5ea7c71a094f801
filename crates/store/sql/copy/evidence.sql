select id from media order by id
