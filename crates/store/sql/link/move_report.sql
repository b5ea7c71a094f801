update case_report set case_id = $3 where source = $1 and id = $2
