-- When the oldest came about which nothing was done; none if there is none.
select min(received) as received from dead_letter where state = 'open'
