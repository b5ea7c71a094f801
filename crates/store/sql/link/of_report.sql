select case_id from case_report where source = $1 and id = $2
