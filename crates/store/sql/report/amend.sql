update report set content = $3, state = 'pending', reason = null, at = $4
where source = $1 and id = $2 and content <> $3
