-- Without their bytes, which may be many.
select partition, position, at from checkpoint order by partition, position desc
