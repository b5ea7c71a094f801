select partition, count(*) as records, max(position) as last from skipped_record group by partition order by partition
