delete from member
